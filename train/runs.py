"""What a run is: what was asked for, and its card. Without torch; train.loading loads its model."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.files import RUN, read_contract
from contracts.plans import Plan
from contracts.repeats import Repeat
from contracts.runs import RunCard, WarmStart
from errors import CorruptError, NoInputError
from store.building import read_manifest
from train.params import TrainParams
from train.pretrained import names_a_run

if TYPE_CHECKING:
    import torch

TRAIN_AGAIN = "Train it again."


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What to train, and how.

    Attributes:
        method: name in METHODS.
        variant: its word.
        repeat: its seed.
        params: [train] of params.yaml with its overlays.
    """

    method: str
    variant: str
    repeat: Repeat
    params: TrainParams

    @property
    def name(self) -> str:
        """Words that tell it from other runs on the same dataset."""
        return f"{self.method}/{self.variant}/{self.repeat}"

    @classmethod
    def planned(cls, plan: Plan, repeat: Repeat) -> "RunSettings":
        """Return the settings of a plan."""
        return cls(plan.method, plan.variant, repeat, TrainParams.model_validate(plan.params))

    def on(self, device: "torch.device") -> "Run":
        """Return the run on a device."""
        return Run(self.method, self.variant, self.repeat, self.params, device)


@dataclass(frozen=True, slots=True)
class Run(RunSettings):
    """Settings, and the device of this process."""

    device: "torch.device"


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
    return read_contract(RunCard, run / RUN, TRAIN_AGAIN)


def git_revision() -> str:
    """Return the commit of this checkout; 'unknown' outside a git checkout."""
    command = ["git", "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"
