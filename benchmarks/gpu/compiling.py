"""train.compile: both its modes against the step as it is; and whether they take the same steps.

The only check there is of `reduce-overhead`, which records CUDA graphs: neither a processor nor
the fake runtime has any.
"""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

from benchmarks.gpu.data import large
from benchmarks.gpu.scale import CUDA, DEVICE, FAKE, Figures, clock, numbers
from benchmarks.gpu.steps import FLAGS, STEP, full_batches, kept_batch, made_state
from benchmarks.timing import interleaved, ratios
from train.data.augmentation import augment_batch
from train.data.batch_loader import RawBatch
from train.device import deterministic_mode
from train.fitting.train_state import TrainState, make_generator
from train.params import TrainParams
from train.records import Batch

_STEPS = 4


def compiled() -> Figures:
    """Compare the modes: `default` for a large network, both for a small one."""
    if FAKE:
        return {"left out": "compiled kernels are launched past the fake runtime"}
    big = numbers() if CUDA else numbers(batch=4)
    small = numbers(backbone="dlib21", image_px=96 if CUDA else 64, batch=32 if CUDA else 4)
    with deterministic_mode(False):
        return {
            "large": _compared(big, ("default",)),
            "small": _compared(small, ("default", "reduce-overhead")),
        }


def _compared(params: TrainParams, modes: Sequence[str]) -> Figures:
    raw = kept_batch(next(full_batches(large(), params, "mapped")))
    ways: dict[str, Callable[[], object]] = {}
    losses: dict[str, list[float]] = {}
    figures: Figures = {"backbone": params.backbone, "px": params.image_px, "first_step_s": {}}
    for mode in ("none", *modes):
        state, sizes = made_state("cam", "aligned", params.model_copy(update={"compile": mode}))
        ready, last = (
            augment_batch(one, sizes, params, make_generator(DEVICE, 0, 0, 0, 0))
            for one in (raw, _first_faces(raw, params.batch // 2))
        )
        began = clock()
        losses[mode] = [_loss(state, ready)]
        figures["first_step_s"][mode] = clock() - began
        # An epoch ends with a batch of another size, and the next begins with the usual one.
        losses[mode] += [_loss(state, one) for one in (ready, last, *[ready] * _STEPS)]
        ways[mode] = partial(state.step, [ready], 1, STEP, FLAGS)
    seconds = interleaved(ways, 10 if CUDA else 2, clock=clock)
    figures["faces_per_s"] = {mode: params.batch / median(one) for mode, one in seconds.items()}
    for mode in modes:
        pairs = zip(losses["none"], losses[mode], strict=True)
        figures[mode] = {
            "times faster": ratios(seconds["none"], seconds[mode]),
            "largest relative difference of a loss": max(abs(a - b) / abs(a) for a, b in pairs),
        }
    return figures


def _first_faces(raw: RawBatch, count: int) -> RawBatch:
    return RawBatch(
        raw.rows_B[:count],
        raw.images_BSS3[:count],
        None if raw.maps_Bss is None else raw.maps_Bss[:count],
        raw.valid_B[:count],
        raw.labels_B[:count],
        raw.device_rows_B[:count],
    )


def _loss(state: TrainState, batch: Batch) -> float:
    return sum(state.step([batch], 1, STEP, FLAGS)().losses.values())
