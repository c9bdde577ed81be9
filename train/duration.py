"""Estimates very roughly, from params.yaml alone, how long training takes. No torch."""

from collections.abc import Sequence

from train.params import RunNumbers, TrainParams

FACES_PER_SECOND = {"resnet18": 53.0, "resnet50": 23.0, "dlib21": 518.0}
"""Backbone -> training steps' faces per second at 64 px on two x86-64 cores, large maps.

Source: benchmarks/results/methods-cpu-2026-11-22.json and step-cpu-2026-11-22.json; of dlib21
backbones-cpu-2026-11-27.json, its ratio to resnet18, scaled from 96 px.
"""

_MEASURED_PX = 64


def seconds_per_face(params: TrainParams) -> float | None:
    """Return what a training face costs over all epochs on two CPU cores.

    Cost grows with the area of the picture. Methods with more passes (EAC, CAFE, PAL on shallow
    layers) take up to three times as long. None if the backbone was not measured.
    """
    rate = FACES_PER_SECOND.get(params.backbone)
    if rate is None:
        return None
    return params.epochs / rate * (params.image_px / _MEASURED_PX) ** 2


def training_time(runs: Sequence[RunNumbers], repeats: int) -> str:
    """Say how long all runs take per 1,000 training faces.

    Args:
        runs: their numbers.
        repeats: of each.
    """
    costs = [(run.method, seconds_per_face(run.params)) for run in runs]
    known = [cost for _, cost in costs if cost is not None]
    unknown = dict.fromkeys(name for name, cost in costs if cost is None)
    number = len(costs) * repeats
    words = f"Training {number} {'run' if number == 1 else 'runs'}"
    if unknown:
        words += f" (not counted, for their backbones were not measured: {', '.join(unknown)})"
    if not known:
        return f"{words}: how long that takes was not measured."
    seconds = 1000 * repeats * sum(known)
    return (
        f"{words}: very roughly {_in_words(seconds)} per 1,000 training faces on two CPU cores; "
        "a GPU is much faster."
    )


def _in_words(seconds: float) -> str:
    """Write a duration with one digit that counts: 6 minutes, 20 hours, 3 days."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{float(f'{seconds / size:.1g}'):,.0f} {unit}"
    return "2 minutes or less"
