"""Claim: one checkpoint per epoch costs at most 1 % of the epoch; resuming costs a few steps.

Run: python -m benchmarks.resume [device]. A step, a checkpoint and taking one up are timed in turns
(medians; on a CPU of one thread's time, which a busy machine cannot fool), with the shipped
settings and with the published ones. Training waits for a copy of the state; the rest goes on
beside it. Shares of an epoch follow for the embedded dataset and for the
published ones: at this machine's own speed, and at the speed of a GPU as published (derived).
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from benchmarks.basic7 import EXPRESSIONS
from benchmarks.scratch import scratch
from benchmarks.timing import save
from params import load as load_params
from train.checkpoint import LAST, AsyncCheckpointer, load_latest, save_latest
from train.fitting.distributed import Distributed
from train.fitting.train_state import StepInfo, TrainingLabels, TrainState
from train.fitting.trainer import run_losses
from train.methods import METHODS
from train.params import TrainParams
from train.records import Batch

ROUNDS = 3
FACES = {"demo": 560, "RAF-DB": 12_271, "AffectNet": 283_901}
SETTINGS: dict[str, dict[str, Any]] = {
    "shipped": {},
    "published": {
        **{"backbone": "resnet50", "weights": "none", "image_px": 224, "batch": 2},
        "optimiser": "sgd",
    },
    "published, AdamW, average": {
        **{"backbone": "resnet50", "weights": "none", "image_px": 224, "batch": 2},
        "optimiser": "adamw",
        "ema": 0.999,
    },
}
GPU_IMAGES_PER_SECOND = 950
"""An H100 with ResNet-50 and large maps, derived from published figures."""


def timed(device: torch.device, work: Callable[[], object]) -> float:
    """Return the seconds of some work, finished on the device: of this thread's CPU, or a GPU's."""
    clock = time.perf_counter if device.type == "cuda" else time.thread_time
    started = clock()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - started


def batch_of(state: TrainState, params: TrainParams, device: torch.device) -> Batch:
    """Return a made-up batch with targets of the size that the deepest layer has."""
    size = params.batch, 3, params.image_px, params.image_px
    images = torch.randn(size, device=device).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        side = state.model(images[:1]).features[-1].shape[-1]
    labels = torch.arange(params.batch, device=device) % 7
    maps = (torch.rand(len(labels), 1, side, side, device=device),)
    return Batch(images, labels, maps, labels > 0, torch.Generator(device))


def measured(params: TrainParams, device: torch.device, folder: Path) -> dict[str, float]:
    """Time a step, a checkpoint, and resuming from it."""
    distributed = Distributed.single(device)
    losses = run_losses(METHODS["cam"], params, [1] * len(EXPRESSIONS))
    state = TrainState(
        METHODS["cam"],
        params,
        losses,
        distributed,
        TrainingLabels(np.zeros(0, np.int64), EXPRESSIONS),
        0,
    )
    batch = batch_of(state, params, device)

    def step() -> None:
        state.step([batch], 1, StepInfo(params.lr, 0), (False,))

    checkpointer = AsyncCheckpointer(folder)

    def begin() -> None:
        checkpointer.save(state.state_dict(), best=True)

    def resume() -> None:
        saved = load_latest(folder)
        assert saved is not None
        state.load_state_dict(saved)

    def write() -> None:
        save_latest(folder, state.state_dict(), best=True)

    works = {"step_s": step, "wait_s": begin, "write_s": write, "resume_s": resume}
    for work in works.values():
        work()
        checkpointer.wait()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            seconds[name].append(timed(device, work))
            checkpointer.wait()
    found = {name: median(several) for name, several in seconds.items()}
    return {**found, "mb": (folder / LAST).stat().st_size / 1e6}


def shares(seconds: dict[str, float], batch: int) -> dict[str, dict[str, float]]:
    """Return the cost of one checkpoint per epoch, as a share of the epoch."""
    face_s = seconds["step_s"] / batch
    return {
        name: {
            "here": seconds["wait_s"] / (faces * face_s),
            "gpu_derived": seconds["wait_s"] / (faces / GPU_IMAGES_PER_SECOND),
        }
        for name, faces in FACES.items()
    }


def main() -> None:
    """Measure, print and save."""
    torch.set_num_threads(1)
    device = torch.device(sys.argv[1] if len(sys.argv) > 1 else "cpu")
    shipped = load_params(Path("params.yaml")).train
    figures: dict[str, Any] = {"device": str(device), "rounds": ROUNDS}
    for name, changes in SETTINGS.items():
        params = shipped.model_copy(update=changes)
        with scratch() as folder:
            found = measured(params, device, folder)
        shared = shares(found, params.batch)
        figures[name] = {**found, "batch": params.batch, "share_of_epoch": shared}
        print(
            f"{name:26} {found['mb']:6.0f} MB  step {found['step_s']:.3f} s  "
            f"checkpoint {found['wait_s']:.3f} s, "
            f"then {found['write_s']:.3f} s beside it  resuming {found['resume_s']:.3f} s  "
            f"({found['resume_s'] / found['step_s']:.1f} steps)"
        )
        for dataset, share in shared.items():
            print(
                f"    {dataset:10} {share['here']:8.3%} of an epoch here, "
                f"{share['gpu_derived']:8.3%} on a GPU (derived)"
            )
    print(save("resume", figures))


if __name__ == "__main__":
    main()
