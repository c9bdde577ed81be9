"""Several repeats (seeds) of a training: mean, standard deviation, intervals, paired differences.

An interval has two sources of chance. The faces: persons are reweighted, the same way for all
repeats and variants (measures.bootstrap). The seeds: resampling a few of them gives intervals that
are too narrow. Of normal differences around zero, 49, 25 and 17 % were taken for real with two,
three and five seeds, where 5 % are promised. So their part is Student's t with the standard
deviation that they show, which kept the 5 %.

Shapes: S repeats, R draws.
Source: Student, The probable error of a mean, Biometrika 1908.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.scores import Interval
from measures.bootstrap import percentile_interval

F64 = NDArray[np.float64]
_SEED_DRAWS = 20_000
"""Draws of Student's t, each with both signs: its tails are long where seeds are few."""
DIGITS = 3
"""Repeats whose scores print alike count as equal."""


@dataclass(frozen=True, slots=True)
class RepeatStatistics:
    """One score over repeats.

    Attributes:
        mean: over the repeats that have the score.
        sd: standard deviation between repeats; None for a single one.
        n: repeats that have it.
        interval: of the mean, for other faces and, if there are several repeats, other seeds.
    """

    mean: float
    sd: float | None
    n: int
    interval: Interval = None


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """A variant's score minus the baseline's, repeat by repeat.

    Attributes:
        mean: of the differences.
        interval: of the mean; None for a single pair, or if the faces differ.
        wins, losses: pairs in which the variant's printed score is higher, or lower.
        n: pairs.
    """

    mean: float
    interval: Interval
    wins: int
    losses: int
    n: int

    @property
    def is_settled(self) -> bool:
        """Whether the interval, as printed, excludes zero."""
        if self.interval is None:
            return False
        low, high = (round(end, DIGITS) for end in self.interval)
        return low > 0 or high < 0


def repeat_statistics(
    values: Sequence[float | None],
    redrawn_SR: F64 | None,
    seed: int,
    bounds: tuple[float, float] = (-1.0, 1.0),
) -> RepeatStatistics | None:
    """Summarise a score over repeats.

    Args:
        values: one per repeat; None where it is undefined.
        redrawn_SR: the same under other weights of the persons; None for no interval.
        seed: of the draws of Student's t.
        bounds: lowest and highest possible value: the interval ends there.

    Returns:
        None if no repeat has the score.
    """
    known = np.array([value for value in values if value is not None])
    if not len(known):
        return None
    sd = float(known.std(ddof=1)) if len(known) > 1 else None
    usable_SR = redrawn_SR if len(known) == len(values) else None
    interval = _interval(known, usable_SR, seed, bounds)
    return RepeatStatistics(float(known.mean()), sd, len(known), interval)


def paired_difference(
    baseline: Sequence[float | None],
    variant: Sequence[float | None],
    redrawn_SR: F64 | None,
    seed: int,
) -> PairedDifference | None:
    """Compare a variant with a baseline, repeat by repeat.

    Args:
        baseline: one value per repeat; None where undefined.
        variant: the same, in the same order.
        redrawn_SR: their difference under other weights of the persons; None for no interval.
        seed: of the draws of Student's t.

    Returns:
        None if no pair has the score.
    """
    pairs = [
        (one, other)
        for one, other in zip(baseline, variant, strict=True)
        if one is not None and other is not None
    ]
    if not pairs:
        return None
    printed = np.sign([round(other, DIGITS) - round(one, DIGITS) for one, other in pairs])
    differences = np.array([other - one for one, other in pairs])
    usable_SR = redrawn_SR if len(pairs) == len(baseline) > 1 else None
    return PairedDifference(
        float(differences.mean()),
        _interval(differences, usable_SR, seed),
        int((printed > 0).sum()),
        int((printed < 0).sum()),
        len(pairs),
    )


def _interval(
    values_S: F64, redrawn_SR: F64 | None, seed: int, bounds: tuple[float, float] = (-1.0, 1.0)
) -> Interval:
    """Add what other faces and what other seeds would change."""
    if redrawn_SR is None:
        return None
    repeats, draws = redrawn_SR.shape
    means_R = redrawn_SR.mean(axis=0)
    if repeats > 1:
        copies = -(-_SEED_DRAWS // draws)
        seeds = np.random.default_rng(seed).standard_t(repeats - 1, copies * draws)
        moved = seeds * values_S.std(ddof=1) / np.sqrt(repeats)
        means_R = np.tile(means_R, 2 * copies) + np.concatenate([moved, -moved])
    return percentile_interval(means_R.clip(*bounds))
