"""How much is run, the shipped numbers at that size, and clocks that wait for the device."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.scratch import PREFIX
from params.root import load
from train.params import TrainParams

Figures = dict[str, Any]
HOME = Path(__file__).parents[2]
_OWN = f"{tempfile.gettempdir()}/{PREFIX}{os.getpid()}-gpu"  # a later benchmark sweeps it
SCRATCH = Path(os.environ.setdefault("SCRATCH", _OWN))  # a child process uses the same
CUDA = torch.cuda.is_available()
FAKE = "FAKE_CUDA_GPUS" in os.environ
DEVICE = torch.device("cuda:0" if CUDA else "cpu")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is run."""

    rows: int  # of the large store
    distinct: int  # faces that are drawn for it
    px: int
    batch: int
    backbone: str
    rounds: int
    turns: int  # of several steps on end
    scored: int
    epoch_rows: int
    method_batch: int
    demo: tuple[int, int, int]  # faces per expression: train, val, test
    epochs: int


FULL = Scale(20_480, 224, 224, 128, "resnet50", 50, 6, 2048, 6144, 32, (80, 10, 20), 5)
SMALL = Scale(96, 14, 32, 8, "resnet18", 3, 2, 24, 96, 8, (2, 1, 1), 1)
SCALE = FULL if CUDA and not FAKE else SMALL

OWN_SIZES: dict[str, Figures] = {
    "cafe": {"backbone": "resnet18"},
    "pal_fc": {"backbone": "vgg16"},
    "ts_cam": {"backbone": "deit_small" if CUDA else "deit_mini", "token_px": 16 if CUDA else 8},
    "apvit": {"backbone": "ir50" if CUDA else "ir18", "image_px": 112 if CUDA else 32},
}
"""What of a method cannot be as `numbers` says."""


def numbers(method: str = "cam", **changes: object) -> TrainParams:
    """Return the shipped numbers of a method at this scale, with the published optimiser."""
    shipped = load(HOME / "params.yaml").training("demo", method, "aligned").params
    augment = shipped.augment.model_copy(update={"jitter_p": 0.8, "erase_p": 0.5})
    network = {"backbone": SCALE.backbone, "weights": "none"}
    sizes = {**network, "image_px": SCALE.px, "batch": SCALE.batch}
    how = {"amp": "bf16", "optimiser": "sgd", "lr": 1e-3, "checkpoint_minutes": 0.0}
    return shipped.model_copy(update={**sizes, **how, "augment": augment, **changes})


def without_alignment(params: TrainParams) -> TrainParams:
    """Return the same numbers, for a plain run."""
    return params.model_copy(update={"alignment": None})


def with_feed(params: TrainParams, **changes: object) -> TrainParams:
    """Return the same numbers, read in another way."""
    return params.model_copy(update={"feed": params.feed.model_copy(update=changes)})


def clock() -> float:
    """Return seconds, once the device has finished."""
    if CUDA:
        torch.cuda.synchronize(DEVICE)
    return time.perf_counter()


def timed(work: Callable[[], object], rounds: int, warm: int = 2) -> float:
    """Return the median seconds of some work."""
    for _ in range(warm):
        work()
    seconds = []
    for _ in range(rounds):
        started = clock()
        work()
        seconds.append(clock() - started)
    return median(seconds)


@contextmanager
def peak_memory(figures: Figures) -> Iterator[None]:
    """Note the most memory that was held at a time, in GB."""
    if CUDA:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(DEVICE)
    yield
    if CUDA:
        figures["peak_gb"] = torch.cuda.max_memory_allocated(DEVICE) / 1e9
