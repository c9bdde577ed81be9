"""Claim: dlib21 at 96 px costs a fraction of ResNet-18 at 64 px.

Run: python -m benchmarks.backbones. Whole steps of the trainer, aligned, on one thread, in turns;
what is compared is the median of the ratios in a round, per face.
"""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from benchmarks.basic7 import EXPRESSIONS
from benchmarks.methods import batch_of
from benchmarks.timing import interleaved, ratios, save
from params import load
from train.fitting.distributed import Distributed
from train.fitting.train_state import StepInfo, TrainingLabels, TrainState
from train.fitting.trainer import run_losses
from train.methods import METHODS

BATCH, ROUNDS = 16, 12
WAYS: dict[str, dict[str, Any]] = {
    "resnet18, 64 px": {"backbone": "resnet18", "weights": "none", "image_px": 64},
    "dlib21, 96 px": {"backbone": "dlib21", "weights": "face", "image_px": 96},
    "dlib21, 112 px": {"backbone": "dlib21", "weights": "face", "image_px": 112},
}
REFERENCE = "resnet18, 64 px"


def way(changes: dict[str, Any]) -> Callable[[], object]:
    """Return one aligned step."""
    shipped = load(Path("params.yaml")).training("demo", "cam", "aligned").params
    params = shipped.model_copy(update={**changes, "batch": BATCH})
    method, device = METHODS["cam"], torch.device("cpu")
    losses = run_losses(method, params, [1] * len(EXPRESSIONS))
    labels_N = np.arange(BATCH) % 7
    state = TrainState(
        method, params, losses, Distributed.single(device), TrainingLabels(labels_N, EXPRESSIONS), 0
    )
    batch = batch_of(state, params, device)
    return lambda: state.step([batch], 1, StepInfo(1e-4, 0), (False,))


def main() -> None:
    """Measure, print and save."""
    torch.set_num_threads(1)
    seconds = interleaved({name: way(changes) for name, changes in WAYS.items()}, ROUNDS)
    milliseconds = {name: 1e3 * median(found) / BATCH for name, found in seconds.items()}
    times = {name: ratios(found, seconds[REFERENCE]) for name, found in seconds.items()}
    for name, found in times.items():
        spread = f"({found['min']:.2f} to {found['max']:.2f})"
        print(f"{name:16} {milliseconds[name]:6.2f} ms a face, {found['median']:5.2f} {spread}")
    figures = {"batch": BATCH, "rounds": ROUNDS, "ms_per_face": milliseconds, "times": times}
    print(save("backbones-cpu", figures))


if __name__ == "__main__":
    main()
