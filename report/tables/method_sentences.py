"""Sentences about one method on one dataset: a run alone, or a plain and an aligned one."""

from collections.abc import Callable, Sequence

from report.reading.results import Result
from report.tables.phrases import (
    accuracy,
    among_baselines,
    att_cos,
    att_selectivity,
    baselines_sentence,
    cam_cos,
    cam_selectivity,
    joined,
    majority_sentence,
    sampling_error_sentence,
)
from report.tables.table import difference, format_interval, format_number, format_signed

Format = Callable[[float | None], str]


def method_sentences(runs: Sequence[Result]) -> tuple[str, ...]:
    """Return the sentences about accuracy, agreement and selectivity."""
    return _accuracy(runs), _agreement(runs), _selectivity(runs)


def _accuracy(runs: Sequence[Result]) -> str:
    context = joined(_error(runs), majority_sentence(runs[-1]))
    if len(runs) == 1:
        reached = f"The {runs[0].variant} run reaches an accuracy of "
        reached += f"{format_number(accuracy(runs[0]))}."
        return joined(reached, context, "There is no other run of this method to compare it with.")
    return f"With alignment, accuracy {_development([accuracy(run) for run in runs])}. {context}"


def _error(runs: Sequence[Result]) -> str:
    """Return the bootstrap intervals of the accuracy, or else its sampling error."""
    intervals = [(run.variant, run.interval("accuracy")) for run in runs]
    resampled = runs[-1].scores.intervals
    if resampled is None or not all(interval for _, interval in intervals):
        return sampling_error_sentence(runs)
    values = ", ".join(f"{name} {format_interval(interval)}" for name, interval in intervals)
    return f"95 % intervals, by resampling {resampled.unit}s: {values}."


def _agreement(runs: Sequence[Result]) -> str:
    scores = runs[-1].scores
    att, cam = [att_cos(run) for run in runs], [cam_cos(run) for run in runs]
    return (
        f"ATT-COS at the deepest layer ({scores.layers[-1]}) {_development(att)}; "
        f"CAM-COS {_development(cam)}. {baselines_sentence(scores)} "
        f"The attention of the {runs[-1].variant} run is {among_baselines(att[-1], scores)}; "
        f"its CAM is {among_baselines(cam[-1], scores)}."
    )


def _selectivity(runs: Sequence[Result]) -> str:
    att, cam = [att_selectivity(run) for run in runs], [cam_selectivity(run) for run in runs]
    return (
        f"Selectivity of the attention {_development(att, format_signed)}; that of the CAM "
        f"{_development(cam, format_signed)}. A map that ignores the expression scores about 0."
    )


def _development(values: Sequence[float | None], formatted: Format = format_number) -> str:
    """Return 'is 0.500', 'changed from 0.500 to 0.700 (+0.200)' or 'is undefined'."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return "is undefined"
    if len(values) == 1:
        return f"is {formatted(values[0])}"
    change = format_signed(difference((values[0], values[-1])))
    return f"changed from {formatted(values[0])} to {formatted(values[-1])} ({change})"
