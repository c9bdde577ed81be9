"""Bootstrap confidence intervals of scores, by reweighting whole persons.

Faces of one person are alike, so persons are drawn, not faces; an interval over faces would be too
narrow. A draw gives every person a random positive weight (the Bayesian bootstrap) instead of a
count that may be zero: so every class keeps all its persons in every draw, in a proportion that
other classes do not change. With counts, a class of few persons would be missing from many draws,
and the mean over the remaining classes would shift the interval of a macro score.

Shapes: N faces, P persons, V classes, K = V for a macro score or else 1, R draws.
Source: Rubin, The Bayesian bootstrap, Annals of Statistics 1981.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from contracts.scores import Interval, Intervals
from measures.faces import ATTENTION, CAM, FaceScores
from measures.soft_labels import soft_faces

LEVEL = 0.95
_MOST_DRAWN = 1 << 22
"""Weights held at a time: they are drawn in portions."""

F64 = NDArray[np.float64]
Unit = Literal["person", "sample"]


@dataclass(frozen=True, slots=True)
class Score:
    """A mean over faces, the same for every class or averaged over classes.

    Attributes:
        values_N: one number per face.
        counted_N: which faces count.
        macro: average over expressions, else over faces.
    """

    values_N: NDArray[Any]
    counted_N: NDArray[np.bool_]
    macro: bool


def compared_scores(faces: FaceScores) -> dict[str, Score]:
    """Return the scores that have an interval: those of contracts.scores.Intervals."""
    everyone = np.ones(len(faces.labels_N), bool)
    scores = {
        "accuracy": Score(faces.is_right, everyone, macro=False),
        "balanced_accuracy": Score(faces.is_right, everyone, macro=True),
    }
    for name, index in (("att", ATTENTION), ("cam", CAM)):
        for kind, values_NM in (("cos", faces.cosines_NM), ("selectivity", faces.selectivity_NM)):
            values_N = values_NM[:, index]
            counted = faces.valid_N & np.isfinite(values_N)
            scores[f"{name}_{kind}"] = Score(values_N, counted, macro=True)
    own = (("cos", faces.own_cosines_NM), ("selectivity", faces.own_selectivity_NM))
    for name, index in (("att", ATTENTION), ("cam", CAM)):
        for kind, values_NM in own:
            values_N = values_NM[:, index]
            scores[f"own_{name}_{kind}"] = Score(values_N, np.isfinite(values_N), macro=True)
    return scores | _soft(faces)


def _soft(faces: FaceScores) -> dict[str, Score]:
    """Return the scores against soft labels; none, if the dataset brings no shares."""
    found = soft_faces(faces)
    if found is None:
        return {}
    values = {
        "soft_cross_entropy": found.cross_entropy_N,
        "soft_annotator": found.annotator_N,
    }
    return {name: Score(one, found.known_N, macro=False) for name, one in values.items()}


def number_persons(persons: Sequence[str]) -> tuple[NDArray[np.int64], Unit]:
    """Number the persons; if none is known, every face is one.

    Args:
        persons: one per face; empty where unknown. Among known ones, each unknown is a person.

    Returns:
        The person of every face (N,), and the unit: person or sample.
    """
    keys = [person or f"\0{index}" for index, person in enumerate(persons)]
    numbers = np.unique(keys, return_inverse=True)[1]
    return numbers.astype(np.int64), "person" if any(persons) else "sample"


def intervals(
    scores: Mapping[str, Score],
    labels_N: NDArray[np.integer],
    persons: Sequence[str],
    draws: int,
    seed: int,
) -> Intervals | None:
    """Return 95 % percentile intervals over persons.

    Args:
        scores: those of Intervals -> what is averaged.
        labels_N: expression ids.
        persons: see `number_persons`.
        draws: how many; 0 for no intervals.
        seed: of the draws.

    Returns:
        None if there are no draws or there is only one person.
    """
    person_N, unit = number_persons(persons)
    units = int(person_N.max()) + 1
    if not draws or units == 1:
        return None
    redrawn = redraw([scores], labels_N, person_N, draws, seed)
    ends = {name: percentile_interval(values_1R[0]) for name, values_1R in redrawn.items()}
    return Intervals(unit=unit, units=units, resamples=draws, level=LEVEL, **ends)


def redraw(
    runs: Sequence[Mapping[str, Score]],
    labels_N: NDArray[np.integer],
    person_N: NDArray[np.int64],
    draws: int,
    seed: int,
) -> dict[str, F64]:
    """Score runs of the same faces again and again, with other weights of the persons each time.

    Args:
        runs: the same scores of each run.
        labels_N: expression of every face.
        person_N: person of every face, see `number_persons`.
        draws: how many.
        seed: of the draws.

    Returns:
        Score -> (runs, R); NaN where no face counts. In one draw, all runs have the same weights.
    """
    units = int(person_N.max()) + 1
    columns = [(name, _sums(run[name], labels_N, person_N, units)) for run in runs for name in run]
    stacked_PC = np.concatenate([one for _, pair in columns for one in pair], axis=1)
    parts = [weights_RP @ stacked_PC for weights_RP in person_weights(units, draws, seed)]
    sums_RC = np.concatenate(parts)
    found: dict[str, list[F64]] = {name: [] for name in runs[0]}
    start = 0
    for name, (above_PK, _) in columns:
        middle, end = start + above_PK.shape[1], start + 2 * above_PK.shape[1]
        found[name].append(_means(sums_RC[:, start:middle], sums_RC[:, middle:end]))
        start = end
    return {name: np.stack(values) for name, values in found.items()}


def _sums(
    score: Score, labels_N: NDArray[np.integer], person_N: NDArray[np.int64], units: int
) -> tuple[F64, F64]:
    """Return a person's sum of values and count of faces, (P, K) each."""
    classes = int(labels_N.max()) + 1 if score.macro else 1
    cell_N = person_N * classes + (labels_N if score.macro else 0)
    counted = score.counted_N

    def summed(weights_N: F64) -> F64:
        sums = np.bincount(cell_N[counted], weights_N[counted], minlength=units * classes)
        return np.asarray(sums.reshape(units, classes), np.float64)

    return summed(np.asarray(score.values_N, np.float64)), summed(np.ones(len(labels_N)))


def person_weights(units: int, draws: int, seed: int) -> Iterator[F64]:
    """Yield the weights of the persons in each draw, positive, (R, P), in portions."""
    rng = np.random.default_rng(seed)
    at_once = max(1, _MOST_DRAWN // units)
    for start in range(0, draws, at_once):
        yield rng.standard_exponential((min(at_once, draws - start), units))


def _means(above_RK: F64, below_RK: F64) -> F64:
    """Average over the classes that have faces: (R,), NaN where none has."""
    there_RK = below_RK > 0
    mean_RK = np.divide(above_RK, below_RK, out=np.zeros_like(above_RK), where=there_RK)
    counted_R = there_RK.sum(axis=1)
    return np.asarray(np.where(counted_R, mean_RK.sum(axis=1) / np.maximum(counted_R, 1), np.nan))


def percentile_interval(values_R: F64) -> Interval:
    """Return the interval that holds 95 % of the values; None if none is known."""
    known = values_R[np.isfinite(values_R)]
    if not len(known):
        return None
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(known, [tail, 100 - tail])
    return float(low), float(high)
