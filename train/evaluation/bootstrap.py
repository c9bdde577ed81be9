"""Bootstrap confidence intervals of scores, by resampling whole persons.

Faces of one person are alike, so persons are drawn with replacement, not faces; an interval over
faces would be too narrow.

Shapes: N faces, P persons, V = 7 expressions, R resamples.
Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993 (percentile intervals).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from anatomy.expressions import EXPRESSIONS
from contracts.scores import Interval, Intervals

LEVEL = 0.95
_MOST_DRAWN = 1 << 22
"""Counts held at a time: resamples are drawn in portions."""

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


def groups(persons: Sequence[str]) -> tuple[NDArray[np.int64], Unit]:
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
    resamples: int,
    seed: int,
) -> Intervals | None:
    """Return 95 % percentile intervals over persons.

    Args:
        scores: those of Intervals -> what is averaged.
        labels_N: expression ids.
        persons: see `groups`.
        resamples: how many; 0 for no intervals.
        seed: of the draws.

    Returns:
        None if there are no resamples or there is only one person.
    """
    person_N, unit = groups(persons)
    units = int(person_N.max()) + 1
    if not resamples or units == 1:
        return None
    sums = {name: _sums(score, labels_N, person_N, units) for name, score in scores.items()}
    found: dict[str, list[F64]] = {name: [] for name in scores}
    for drawn_RP in _draws(units, resamples, np.random.default_rng(seed)):
        for name, (above_PK, below_PK) in sums.items():
            found[name].append(_means(drawn_RP @ above_PK, drawn_RP @ below_PK))
    ends = {name: _percentiles(np.concatenate(parts)) for name, parts in found.items()}
    return Intervals(unit=unit, units=units, resamples=resamples, level=LEVEL, **ends)


def _sums(
    score: Score, labels_N: NDArray[np.integer], person_N: NDArray[np.int64], units: int
) -> tuple[F64, F64]:
    """Return a person's sum of values and count of faces, (P, V) each or (P, 1)."""
    classes = len(EXPRESSIONS) if score.macro else 1
    cell_N = person_N * classes + (labels_N if score.macro else 0)

    def summed(weights_N: F64) -> F64:
        counted = score.counted_N
        sums = np.bincount(cell_N[counted], weights_N[counted], minlength=units * classes)
        return np.asarray(sums.reshape(units, classes), np.float64)

    return summed(np.asarray(score.values_N, np.float64)), summed(np.ones(len(labels_N)))


def _draws(units: int, resamples: int, rng: np.random.Generator) -> Iterator[F64]:
    """Yield how often each person is drawn, (R, P), in portions."""
    at_once = max(1, _MOST_DRAWN // units)
    for start in range(0, resamples, at_once):
        count = min(at_once, resamples - start)
        drawn = rng.integers(units, size=(count, units)) + units * np.arange(count)[:, None]
        yield (
            np.bincount(drawn.ravel(), minlength=count * units)
            .reshape(count, units)
            .astype(np.float64)
        )


def _means(above_RK: F64, below_RK: F64) -> F64:
    """Average over the classes that a resample has: (R,), NaN where it has none."""
    there_RK = below_RK > 0
    mean_RK = np.divide(above_RK, below_RK, out=np.zeros_like(above_RK), where=there_RK)
    counted_R = there_RK.sum(axis=1)
    return np.asarray(np.where(counted_R, mean_RK.sum(axis=1) / np.maximum(counted_R, 1), np.nan))


def _percentiles(values_R: F64) -> Interval:
    known = values_R[np.isfinite(values_R)]
    if not len(known):
        return None
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(known, [tail, 100 - tail])
    return float(low), float(high)
