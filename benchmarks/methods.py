"""Claim: a sibling method costs as much as its passes: EAC two plain steps, PAL up to three.

Run: python -m benchmarks.methods. Whole steps of the trainer on one batch, ResNet-18 under every
method, in turns; what is compared is the median of the ratios in a round. On a GPU 224 px, batches
of 64 and bf16; without one 64 px and batches of 16, which shows what is dear, no more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch

from benchmarks.basic7 import EXPRESSIONS
from benchmarks.timing import clock_of, interleaved, ratios, save
from params import load
from train.fitting.distributed import Distributed
from train.fitting.train_state import StepInfo, TrainingLabels, TrainState
from train.fitting.trainer import run_losses
from train.methods import METHODS
from train.methods.au_alignment import target_sizes
from train.params import TrainParams
from train.records import Batch

WAYS = {
    "plain": ("cam", "plain"),
    "aligned": ("cam", "aligned"),
    **{name: (name, "plain") for name in ("pal", "cafe", "scn", "rul", "eac")},
    "pal, layer 3": ("pal", "plain"),
    "pal, layer 1": ("pal", "plain"),
}
"""Name -> method, variant; `plain` is cross-entropy alone, `pal` by itself looks at layer 5."""

LAYERS = {"pal, layer 3": 3, "pal, layer 1": 1}


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is run."""

    image_px: int
    batch: int
    rounds: int
    amp: str


SCALES = {"cuda": Scale(224, 64, 50, "bf16"), "cpu": Scale(64, 16, 12, "none")}


def numbers(method: str, variant: str, scale: Scale) -> TrainParams:
    """Return the shipped numbers of a method and variant, at a scale."""
    shipped = load(Path("params.yaml")).training("demo", method, variant).params
    sizes = {"image_px": scale.image_px, "batch": scale.batch, "amp": scale.amp}
    head = dict(shipped.head)
    if "tower_px" in head:
        head["tower_px"] = scale.image_px
    network = {"backbone": "resnet18", "weights": "none"}
    return shipped.model_copy(update={**network, "head": head, **sizes})


def batch_of(state: TrainState, params: TrainParams, device: torch.device) -> Batch:
    """Return made-up faces with everything that a loss may ask for."""
    rng = torch.Generator(device).manual_seed(0)
    size = params.batch, 3, params.image_px, params.image_px
    images = torch.randn(size, device=device, generator=rng)
    images = images.contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        levels = state.model.eval()(images[:2]).features
    rows = torch.arange(params.batch, device=device)
    wanted = target_sizes((len(levels),), "half_pixel", levels, params.image_px)
    return Batch(
        images,
        rows % 7,
        tuple(torch.rand(params.batch, 1, *size, device=device, generator=rng) for size in wanted),
        rows % 7 > 0,
        rng,
        rows_B=rows,
        points_B682=torch.rand(params.batch, 68, 2, device=device, generator=rng) - 0.5,
    )


def way(name: str, scale: Scale, device: torch.device) -> Callable[[], object]:
    """Return one step of a method."""
    (method, variant), distributed = WAYS[name], Distributed.single(device)
    params = numbers(method, variant, scale)
    if name in LAYERS:
        changed = {"attribution": {**params.losses["attribution"], "layer": LAYERS[name]}}
        params = params.model_copy(update={"losses": changed})
    losses = run_losses(METHODS[method], params, [1] * len(EXPRESSIONS))
    labels_N = np.arange(params.batch) % 7
    state = TrainState(
        METHODS[method], params, losses, distributed, TrainingLabels(labels_N, EXPRESSIONS), 0
    )
    batch = batch_of(state, params, device)
    return lambda: state.step([batch], 1, StepInfo(1e-4, params.epochs), (False,))


def main() -> None:
    """Measure, print and save."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    scale = SCALES[device.type]
    ways = {name: way(name, scale, device) for name in WAYS}
    seconds = interleaved(ways, scale.rounds, clock=clock_of(device))
    times = {name: ratios(found, seconds["plain"]) for name, found in seconds.items()}
    figures = {
        "device": device.type,
        "image_px": scale.image_px,
        "batch": scale.batch,
        "rounds": scale.rounds,
        "seconds_per_step": {name: median(found) for name, found in seconds.items()},
        "times_a_plain_step": times,
    }
    for name, found in times.items():
        print(f"{name:14} {found['median']:6.2f} ({found['min']:.2f} to {found['max']:.2f})")
    print(save(f"methods-{device.type}", figures))


if __name__ == "__main__":
    main()
