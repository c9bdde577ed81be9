"""Phrases that several sentences of the summary share."""

from collections.abc import Callable, Iterable, Sequence
from math import sqrt

from contracts.scores import Scores
from report.reading.results import Result
from report.tables.table import format_number

Read = Callable[[Result], float | None]

_Z95 = 1.959964
"""Standard normal deviate of a two-sided 95 % interval."""


def accuracy(run: Result) -> float:
    """Return a run's accuracy."""
    return run.scores.accuracy


def att_cos(run: Result) -> float | None:
    """Return a run's ATT-COS at the deepest layer."""
    return run.scores.attention.overall


def cam_cos(run: Result) -> float | None:
    """Return a run's CAM-COS."""
    return run.scores.cam_cos.overall


def att_selectivity(run: Result) -> float | None:
    """Return the selectivity of a run's attention at the deepest layer."""
    return run.scores.attention.selectivity.overall


def cam_selectivity(run: Result) -> float | None:
    """Return the selectivity of a run's CAM."""
    return run.scores.cam_cos.selectivity.overall


def wilson_half_width(share: float, count: int) -> float:
    """Return half the width of Wilson's 95 % interval of a share of `count` faces."""
    z2 = _Z95**2
    return _Z95 / (1 + z2 / count) * sqrt(share * (1 - share) / count + z2 / (4 * count**2))


def sampling_error(runs: Iterable[Result]) -> float:
    """Return the largest half width of these runs' accuracies, rounded as it is printed."""
    return round(max(wilson_half_width(accuracy(run), run.scores.n) for run in runs), 3)


def sampling_error_sentence(runs: Sequence[Result]) -> str:
    """Say how far an accuracy may lie from what more faces would show."""
    return (
        f"With {runs[-1].scores.n} faces, the sampling error of an accuracy is about "
        f"±{sampling_error(runs):.3f} (95 %)."
    )


def majority_sentence(run: Result) -> str:
    """Say what always giving the same answer would score."""
    on_test, on_train = run.scores.chance_level.majority, run.scores.chance_level.train_majority
    text = f"Always answering {on_test.expression} would score {format_number(on_test.share)}"
    if on_train and on_train.expression != on_test.expression:
        text += f"; always answering {on_train.expression}, the most frequent expression in "
        text += f"training, {format_number(on_train.accuracy)}"
    return f"{text}."


def baselines_sentence(scores: Scores) -> str:
    """Say what maps score that know nothing of the classifier."""
    uniform, all_aus, class_mean = (
        format_number(average.overall) for _, average in scores.baselines
    )
    return (
        f"Baselines on the same faces: a uniform map scores {uniform}, one map of all AUs for "
        f"every expression {all_aus}, the class mean (the mean AU map of the expression over these "
        f"faces) {class_mean}."
    )


def among_baselines(value: float | None, scores: Scores) -> str:
    """Say between which baselines a cosine lies: between 'uniform' and 'all AUs'."""
    known = sorted(
        (average.overall, f"'{title}'")
        for title, average in scores.baselines.titled().items()
        if average.overall is not None
    )
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
