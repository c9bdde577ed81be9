"""A run on disk: which model, trained how, and how it is made again."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from train.checkpoint import load
from train.methods import METHODS
from train.methods.head import Classifier
from train.methods.model import build_model
from train.params import TrainParams
from train.records import Method

LAST, BEST, RUN = "last.ckpt", "best.ckpt", "run.json"


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
        which: last or best.
        device: where to put it.
    """
    described = json.loads((path / RUN).read_bytes())
    params = TrainParams.model_validate(described["params"]).model_copy(update={"weights": "none"})
    method = METHODS[described["method"]]
    model = build_model(method, params).to(device)
    model.load_state_dict(load(path / f"{which}.ckpt", device)["model"])
    return model.eval(), method, described
