"""Estimates very roughly, from params.yaml alone, how long training takes. No torch."""

from collections.abc import Mapping

from train.params import TrainParams

FACES_PER_SECOND = {"resnet18": 53.0, "resnet50": 23.0}
"""Backbone -> training steps' faces per second at 64 px on two x86-64 cores, large maps.

Source: benchmarks/results/methods-cpu-2026-11-22.json and step-cpu-2026-11-22.json.
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


def training_time(methods: Mapping[str, TrainParams], runs_per_method: int) -> str:
    """Say how long all runs take per 1,000 training faces.

    Args:
        methods: name -> its numbers.
        runs_per_method: such as 2 for plain and aligned.
    """
    costs = {name: seconds_per_face(params) for name, params in methods.items()}
    known = [cost for cost in costs.values() if cost is not None]
    unknown = [name for name, cost in costs.items() if cost is None]
    runs = len(costs) * runs_per_method
    words = f"Training {runs} {'run' if runs == 1 else 'runs'}"
    if unknown:
        words += f" (not counted, for their backbones were not measured: {', '.join(unknown)})"
    if not known:
        return f"{words}: how long that takes was not measured."
    seconds = 1000 * runs_per_method * sum(known)
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
