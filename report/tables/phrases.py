"""Phrases that several sentences of the summary share."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import sqrt
from typing import Any

from contracts.scores import BASELINES
from report.reading.results import Result
from report.tables.scores import baseline_score, majority, overall, train_majority
from report.tables.table import format_number

Read = Callable[[Result], float | None]

_Z95 = 1.959964
"""Standard normal deviate of a two-sided 95 % interval."""


def accuracy(run: Result) -> float:
    """Return a run's accuracy."""
    return float(run.scores["accuracy"])


def att_cos(run: Result) -> float | None:
    """Return a run's ATT-COS at the deepest layer."""
    return overall(run.attention)


def cam_cos(run: Result) -> float | None:
    """Return a run's CAM-COS."""
    return overall(run.scores["cam_cos"])


def att_selectivity(run: Result) -> float | None:
    """Return the selectivity of a run's attention at the deepest layer."""
    return overall(run.attention, "selectivity")


def cam_selectivity(run: Result) -> float | None:
    """Return the selectivity of a run's CAM."""
    return overall(run.scores["cam_cos"], "selectivity")


def wilson_half_width(share: float, count: int) -> float:
    """Return half the width of Wilson's 95 % interval of a share of `count` faces."""
    z2 = _Z95**2
    return _Z95 / (1 + z2 / count) * sqrt(share * (1 - share) / count + z2 / (4 * count**2))


def sampling_error(runs: Iterable[Result]) -> float:
    """Return the largest half width of these runs' accuracies, rounded as it is printed."""
    return round(max(wilson_half_width(accuracy(run), run.scores["n"]) for run in runs), 3)


def sampling_error_sentence(runs: Sequence[Result]) -> str:
    """Say how far an accuracy may lie from what more faces would show."""
    return (
        f"With {runs[-1].scores['n']} faces, the sampling error of an accuracy is about "
        f"±{sampling_error(runs):.3f} (95 %)."
    )


def majority_sentence(run: Result) -> str:
    """Say what always giving the same answer would score."""
    on_test, on_train = majority(run.scores), train_majority(run.scores)
    text = f"Always answering {on_test[0]} would score {format_number(on_test[1])}"
    if on_train and on_train[0] != on_test[0]:
        text += f"; always answering {on_train[0]}, the most frequent expression in training, "
        text += format_number(on_train[1])
    return f"{text}."


def baselines_sentence(scores: Mapping[str, Any]) -> str:
    """Say what maps score that know nothing of the classifier."""
    uniform, all_aus, class_mean = (
        format_number(baseline_score(scores, name)) for name in BASELINES
    )
    return (
        f"Baselines on the same faces: a uniform map scores {uniform}, one map of all AUs for "
        f"every expression {all_aus}, the class mean (the mean AU map of the expression over these "
        f"faces) {class_mean}."
    )


def among_baselines(value: float | None, scores: Mapping[str, Any]) -> str:
    """Say between which baselines a cosine lies: between 'uniform' and 'all AUs'."""
    values = [(baseline_score(scores, name), f"'{title}'") for name, title in BASELINES.items()]
    known = sorted((one, title) for one, title in values if one is not None)
    if value is None or not known:
        return "undefined"
    below = [title for one, title in known if one < value]
    above = [title for one, title in known if one >= value]
    if not below:
        return f"no higher than {above[0]}"
    return f"between {below[-1]} and {above[0]}" if above else f"above {below[-1]}"


def joined(*sentences: str) -> str:
    """Join the sentences that are not empty."""
    return " ".join(one for one in sentences if one)
