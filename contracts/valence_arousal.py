"""How well a classifier predicts valence and arousal: a block of scores.json."""

from typing import Literal

from contracts.files import Contract

_Interval = tuple[float, float] | None
"""[low, high]; None where it is undefined."""


class ValueScores(Contract):
    """Agreement of predicted and true values over faces; None where it is undefined.

    Attributes:
        ccc: concordance correlation coefficient, -1 to 1: 1 only if all values are equal.
        pearson: correlation, which shift and scale do not change.
        rmse: root mean square error.
        sign_agreement: share of faces whose values have one sign; zero has a sign of its own.
    """

    ccc: float | None
    pearson: float | None
    rmse: float
    sign_agreement: float


class ValueIntervals(Contract):
    """95 % bootstrap intervals of ValueScores."""

    ccc: _Interval
    pearson: _Interval
    rmse: _Interval
    sign_agreement: _Interval


class DimensionScores(ValueScores):
    """Scores of valence, or of arousal.

    Attributes:
        constant: what always answering one value scores on the same faces.
        constant_value: that value: the mean of the training faces; 0 if they are not known.
        intervals: None if switched off or if there is only one person.
    """

    constant: ValueScores
    constant_value: float
    intervals: ValueIntervals | None


class ValenceArousalScores(Contract):
    """Scores of both, over the faces whose valence and arousal the dataset says.

    Attributes:
        n, scored: these faces, and all that were scored.
        ccc: mean of both; None if one is undefined. ccc_interval: its interval.
        unit, units, resamples: of the intervals, see contracts.scores.Intervals.
    """

    n: int
    scored: int
    ccc: float | None
    ccc_interval: _Interval
    unit: Literal["person", "sample"]
    units: int
    resamples: int
    valence: DimensionScores
    arousal: DimensionScores

    def dimensions(self) -> dict[str, DimensionScores]:
        """Return the scores of both by name."""
        return {"valence": self.valence, "arousal": self.arousal}
