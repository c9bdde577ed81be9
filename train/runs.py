"""A run on disk: what was trained and how, and how its model is loaded."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import ValidationError

from contracts.files import RUN, read_contract
from contracts.plans import Plan
from contracts.repeats import Repeat
from contracts.runs import ExportCard, RunCard, WarmStart
from errors import CorruptError, DataError, NoInputError, pick
from store.building import read_manifest
from train.checkpoint import load, require_same_shapes
from train.methods import METHODS, Method
from train.methods.base import Classifier
from train.methods.model import build_network, fit_strategy
from train.methods.weights import names_a_run
from train.params import TrainParams

Card = TypeVar("Card", RunCard, ExportCard)
_REMEDY = "Train it again."


@dataclass(frozen=True, slots=True)
class Run:
    """What to train, and how.

    Attributes:
        method: name in METHODS.
        variant: its word.
        repeat: its seed.
        params: [train] of params.yaml with its overlays.
        device: of this process.
    """

    method: str
    variant: str
    repeat: Repeat
    params: TrainParams
    device: torch.device

    @property
    def name(self) -> str:
        """Words that tell it from other runs on the same dataset."""
        return f"{self.method}/{self.variant}/{self.repeat}"

    @classmethod
    def planned(cls, plan: Plan, repeat: Repeat, device: torch.device) -> "Run":
        """Return the run of a plan."""
        return cls(
            plan.method,
            plan.variant,
            repeat,
            TrainParams.model_validate(plan.params),
            device,
        )


def warm_start_of(params: TrainParams) -> WarmStart | None:
    """Return which run `train.weights` names, and its digest; None if it names none.

    Raises:
        NoInputError: if the run is not there or not finished.
        CorruptError: if its manifest is damaged, or its digest is not train.weights_sha256.
    """
    if not names_a_run(params.weights):
        return None
    manifest = read_manifest(Path(params.weights))
    digest, stated = manifest["sha256"], params.weights_sha256
    if stated not in (None, digest):
        raise CorruptError(
            Path(params.weights), f"has digest {digest}, train.weights_sha256 is {stated}."
        )
    return WarmStart(run=params.weights, digest=digest, dataset=manifest["metadata"]["dataset"])


def read_card(run: Path) -> RunCard:
    """Return the run.json of a run.

    Raises:
        NoInputError: if there is no such run.
        DataError: if it was written by an AULens with other keys.
    """
    if not (run / RUN).is_file():
        raise NoInputError(run, f"has no {RUN}. Give the output folder of `train`.")
    return read_contract(RunCard, run / RUN, _REMEDY)


def load_run(path: Path, which: str, device: torch.device) -> tuple[Classifier, Method, RunCard]:
    """Return a trained model in evaluation mode, its method, and its run.json.

    Args:
        path: output of stage train.
        which: last or best checkpoint; its EMA weights, if the run kept an EMA.
        device: of the model.

    Raises:
        NoInputError: if there is no such run or checkpoint.
        CorruptError: if it is damaged, or of another model.
        DataError: if it was trained by an AULens with other settings.
    """
    read_card(path)
    model, method, card = build_untrained(RunCard, path / RUN)
    model.to(device)
    file = path / f"{which}.ckpt"
    state = load(file)
    weights = state["average"] or state["model"]
    require_same_shapes(file, weights, model.state_dict())
    model.load_state_dict(weights)
    return model.eval(), method, card


def build_untrained(kind: type[Card], file: Path) -> tuple[Classifier, Method, Card]:
    """Return a model with random weights, its method, and the card that describes it.

    Args:
        kind: RunCard or ExportCard.
        file: run.json, or model.json of an exported run.

    Raises:
        DataError: if it was written by an AULens with other keys or settings.
        UsageError: if its method is not known.
    """
    card = read_contract(kind, file, _REMEDY)
    params = _params_of(file, card.params).model_copy(update={"weights": "none"})
    method = pick(METHODS, card.method, "method")
    return fit_strategy(build_network(method, params), method, params), method, card


def _params_of(file: Path, params: dict[str, Any]) -> TrainParams:
    try:
        return TrainParams.model_validate(params)
    except ValidationError as error:
        keys = ", ".join(sorted({".".join(map(str, one["loc"])) for one in error.errors()}))
        raise DataError(
            file,
            f"was written by an AULens with other settings ({keys:.80}). Train it again.",
        ) from error


def git_revision() -> str:
    """Return the commit of this checkout; 'unknown' outside a git checkout."""
    command = ["git", "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"
