"""Single training steps on a GPU: each function returns figures."""

import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity

from anatomy.patches import PATCHES
from benchmarks.basic7 import EXPRESSIONS
from benchmarks.gpu.data import large
from benchmarks.gpu.scale import (
    CUDA,
    DEVICE,
    FAKE,
    HOME,
    OWN_SIZES,
    SCALE,
    Figures,
    clock,
    numbers,
    peak_memory,
    with_feed,
    without_alignment,
)
from benchmarks.timing import interleaved, ratios, sustained
from train.data.augmentation import augment_batch
from train.data.batch_loader import BatchLoader, Placement, RawBatch
from train.data.stores import Stores
from train.device import deterministic_mode
from train.fitting.distributed import Distributed
from train.fitting.label_store import Labels
from train.fitting.train_state import StepInfo, TrainingLabels, TrainState, make_generator
from train.fitting.trainer import map_sizes, run_losses
from train.methods import METHODS
from train.methods.cam_methods import CAM_METHODS
from train.params import TrainParams
from train.records import Batch

Sizes = Sequence[tuple[int, int]]

STEP, FLAGS = StepInfo(1e-4, 0), (False, False)
_ON_END = 8
"""Steps: more than a feed reads ahead."""


def made_state(
    method: str, variant: str, params: TrainParams, labels_N: Labels | None = None
) -> tuple[TrainState, Sizes]:
    """Return a model in training, and the sizes of the heatmaps that its losses read."""
    params = without_alignment(params) if variant == "plain" else params
    losses = run_losses(METHODS[method], params, [1] * len(EXPRESSIONS))
    labels = np.zeros(SCALE.rows, np.int64) if labels_N is None else labels_N
    state = TrainState(
        METHODS[method],
        params,
        losses,
        Distributed.single(DEVICE),
        TrainingLabels(labels, EXPRESSIONS),
        0,
    )
    with torch.no_grad():
        probe = torch.zeros(2, 3, params.image_px, params.image_px, device=DEVICE)
        features = state.model.eval()(probe).features
    return state, map_sizes(params, losses, features)


def full_batches(given: Stores, params: TrainParams, source: str) -> Iterator[RawBatch]:
    """Yield full batches for ever."""
    feed = with_feed(params, source=source, threads=4).feed
    loader, epoch = BatchLoader(given, "train", params.batch, feed, Placement(DEVICE)), 0
    while True:
        yield from (
            raw for raw in loader.epoch_batches(0, epoch) if len(raw.rows_B) == params.batch
        )
        epoch += 1


def kept_batch(raw: RawBatch) -> RawBatch:
    """Return a batch that stays as it is while its loader goes on."""
    names = ("images_BSS3", "maps_Bss", "valid_B", "labels_B", "device_rows_B")
    return replace(raw, **{name: getattr(raw, name).clone() for name in names})


def step() -> Figures:
    """Time whole steps in turns: what alignment, augmentation and feeding add."""
    with deterministic_mode(False):
        return _step(numbers(), SCALE.rounds)


def small_networks() -> Figures:
    """Time the same of networks where the processor and small kernels show."""
    shipped: dict[str, Any] = {
        "backbone": "resnet18",
        "image_px": 64,
        "batch": 16,
        "optimiser": "adamw",
    }
    face = {**shipped, "backbone": "dlib21", "image_px": 112, "batch": 32}
    cases: dict[str, dict[str, Any]] = {
        "resnet18, 64 px, batch 16": shipped,
        "dlib21, 112 px, batch 32": face,
    }
    with deterministic_mode(False):
        return {name: _step(numbers(**sizes), SCALE.rounds) for name, sizes in cases.items()}


def _step(params: TrainParams, rounds: int) -> Figures:
    given = large()
    raw = kept_batch(next(full_batches(given, params, "mapped")))
    plain, none = made_state("cam", "plain", params)
    aligned, sizes = made_state("cam", "aligned", params)
    ready, both = (
        augment_batch(raw, one, params, make_generator(DEVICE, 0, 0, 0, 0)) for one in (none, sizes)
    )

    def fed(raws: Iterator[RawBatch]) -> None:
        batch = augment_batch(next(raws), sizes, params, make_generator(DEVICE, 0, 0, 0, 0))
        aligned.step([batch], 1, STEP, FLAGS)

    one_by_one: dict[str, Callable[[], object]] = {
        "plain": lambda: plain.step([ready], 1, STEP, FLAGS),
        "aligned": lambda: aligned.step([both], 1, STEP, FLAGS),
        "augmented": partial(fed, iter(lambda: raw, None)),
    }
    feeds = {source: full_batches(given, params, source) for source in ("mapped", "resident")}
    on_end: dict[str, Callable[[], object]] = {
        "augmented, on end": partial(fed, iter(lambda: raw, None)),
        **{source: partial(fed, feed) for source, feed in feeds.items()},
    }
    peaks = {name: _peak_gb(way) for name, way in (one_by_one | on_end).items()}
    seconds = interleaved(one_by_one, rounds, clock=clock)
    seconds |= sustained(on_end, SCALE.turns, _ON_END, clock)
    # What a feed gives if nothing else is done: below the rate of steps, it cannot keep up.
    alone = {f"{source} alone": partial(next, feed) for source, feed in feeds.items()}
    seconds |= sustained(alone, SCALE.turns, _ON_END, clock)
    compared = {
        "aligned against plain": ("aligned", "plain"),
        "augmented against not": ("augmented", "aligned"),
        "mapped against one batch": ("mapped", "augmented, on end"),
        "resident against one batch": ("resident", "augmented, on end"),
    }
    return {
        "batch": params.batch,
        "px": params.image_px,
        "backbone": params.backbone,
        "peak_gb": peaks,
        "faces_per_s": {name: params.batch / median(one) for name, one in seconds.items()},
        "times_longer": {k: ratios(seconds[a], seconds[b]) for k, (a, b) in compared.items()},
    }


def _peak_gb(way: Callable[[], object]) -> float | None:
    """Return the memory that a step takes, once cuDNN has tried its algorithms."""
    for _ in range(3):
        way()
    figures: Figures = {}
    with peak_memory(figures):
        way()
    return figures.get("peak_gb")


def _one_step(params: TrainParams) -> Callable[[int], None]:
    raws = full_batches(large(), params, "mapped")
    state, sizes = made_state("cam", "aligned", params)

    def run(number: int) -> None:
        batch = augment_batch(next(raws), sizes, params, make_generator(DEVICE, 0, 0, number, 0))
        state.step([batch], 1, STEP, FLAGS)

    for number in range(4):
        run(number)
    return run


def waits() -> Figures:
    """List where the processor waits for the GPU in two steps: torch's own list."""
    if not CUDA:
        return {}
    run, seen = _one_step(numbers()), Counter[str]()

    def note(message: Any, *_: Any) -> None:  # noqa: ANN401 - as warnings calls it
        if "synchronizing" in str(message):
            ours = [f for f in traceback.extract_stack() if f"{HOME}/train" in f.filename]
            at = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "elsewhere"
            seen[at] += 1

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note  # type: ignore[assignment]
        torch.cuda.set_sync_debug_mode("warn")
        run(5)
        run(6)
        torch.cuda.set_sync_debug_mode("default")
    return {"in two steps": dict(seen)}


def profile() -> Figures:
    """Count the kernels of a step, and how long the GPU works in it."""
    run, count = _one_step(numbers()), 3
    kinds = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if CUDA and not FAKE else [])]
    with torch.profiler.profile(activities=kinds) as seen:
        for number in range(count):
            run(number)
        clock()
    began = clock()
    for number in range(count):
        run(number)
    bare = clock() - began
    events = seen.events() or []
    kernels = [one for one in events if one.device_type.name == "CUDA"]
    busy = sum(one.self_device_time_total for one in kernels) / 1e6
    names = Counter(one.name for one in events)
    return {
        "ms_per_step": 1e3 * bare / count,
        "kernels_per_step": len(kernels) / count,
        "launches_per_step": names["cudaLaunchKernel"] / count,
        "gpu_busy_share": busy / bare,
    }


def every_method() -> Figures:
    """Run steps and one map of every method, aligned, in bf16 and fp16."""
    figures: Figures = {}
    amps = ("bf16", "fp16") if CUDA else ("bf16",)
    for name in METHODS:
        try:
            figures[name] = {amp: _method(name, amp) for amp in amps}
        except Exception as error:  # the next one may work
            figures[name] = {"failed": f"{type(error).__name__}: {error}"[:500]}
            traceback.print_exc()
    return figures


def _method(name: str, amp: str) -> Figures:
    params = numbers(name, batch=SCALE.method_batch, amp=amp, **OWN_SIZES.get(name, {}))
    if "tower_px" in params.head:
        head = {**params.head, "tower_px": params.image_px}
        params = params.model_copy(update={"head": head})
    count, rng = params.batch, torch.Generator(DEVICE).manual_seed(0)
    state, sizes = made_state(name, "aligned", params, np.arange(count) % 7)
    shape = (count, 3, params.image_px, params.image_px)
    images = torch.randn(shape, device=DEVICE, generator=rng)
    images = images.contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        forward = state.model.eval()(images[:2])
        classes = torch.zeros(2, dtype=torch.long, device=DEVICE)
        CAM_METHODS[METHODS[name].cam_method](state.model, forward, classes)
    rows = torch.arange(count, device=DEVICE)
    maps = tuple(torch.rand(count, 1, *size, device=DEVICE, generator=rng) for size in sizes)
    points = torch.rand(count, 68, 2, device=DEVICE, generator=rng) - 0.5
    batch = Batch(images, rows % 7, maps, rows % 7 > 0, rng, rows_B=rows, points_B682=points)
    if METHODS[name].reads_latents:
        sizes_BPD = count, PATCHES, int(params.head["latent_width"] or 0)
        latents_BPD = torch.randn(sizes_BPD, device=DEVICE, generator=rng)
        batch = replace(batch, latents_BPD=latents_BPD)
    info, figures = StepInfo(1e-4, params.epochs), dict[str, Any]()
    state.step([batch], 1, info, FLAGS)
    with peak_memory(figures):
        began = clock()
        results = [state.step([batch], 1, info, FLAGS)() for _ in range(3)]
        figures["ms_per_step"] = 1e3 * (clock() - began) / 3
    return figures | {"losses": results[-1].losses, "finite": [one.finite for one in results]}
