"""A run on disk: which model, trained how, and how it is made again."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from errors import DataError, NoInputError
from train.checkpoint import load, require_same_shapes
from train.methods import METHODS, Method
from train.methods.base import Classifier
from train.methods.model import build_model
from train.params import TrainParams

RUN = "run.json"


@dataclass(frozen=True, slots=True)
class Run:
    """Which model, trained how.

    Attributes:
        method: row of METHODS.
        supervision: row of SUPERVISIONS.
        params: the numbers.
        device: where.
    """

    method: str
    supervision: str
    params: TrainParams
    device: torch.device


def load_run(
    path: Path, which: str, device: torch.device
) -> tuple[Classifier, Method, dict[str, Any]]:
    """Return a trained model in evaluation mode, its method, and what run.json says.

    Args:
        path: output of stage train.
        which: last or best; the average of its weights, if the run kept one.
        device: where to put it.

    Raises:
        NoInputError: if there is no such run or checkpoint.
        CorruptError: if it is damaged, or of another model.
        DataError: if an AULens with other settings trained it.
    """
    if not (path / RUN).is_file():
        raise NoInputError(path, f"has no {RUN}. Name what `train` wrote.")
    model, method, described = untrained(path / RUN)
    model.to(device)
    file = path / f"{which}.ckpt"
    state = load(file)
    weights = state["average"] or state["model"]
    require_same_shapes(file, weights, model.state_dict())
    model.load_state_dict(weights)
    return model.eval(), method, described


def untrained(file: Path) -> tuple[Classifier, Method, dict[str, Any]]:
    """Return a network with fresh weights, its method, and what the file that describes it says.

    Args:
        file: run.json, or model.json of an exported run.

    Raises:
        DataError: if an AULens with other settings wrote it.
    """
    described = json.loads(file.read_bytes())
    params = _trained_with(file, described["params"]).model_copy(update={"weights": "none"})
    method = METHODS[described["method"]]
    return build_model(method, params), method, described


def _trained_with(file: Path, params: dict[str, Any]) -> TrainParams:
    try:
        return TrainParams.model_validate(params)
    except ValidationError as error:
        keys = ", ".join(sorted({".".join(map(str, one["loc"])) for one in error.errors()}))
        raise DataError(
            file,
            f"was written by an AULens with other settings ({keys:.80}). Train it again.",
        ) from error


def revision() -> str:
    """Return the commit of this checkout; 'unknown' where there is none."""
    command = ["git", "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"
