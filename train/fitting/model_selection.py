"""Which state of a run is kept as its best, when it is validated, and when it stops early.

All of it follows from the history of validations, so that a resumed run decides alike.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from errors import UsageError, pick
from train.params import TrainParams

Row = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A score to choose by.

    Attributes:
        metric: of a validation.
        lower: whether lower is better.
        needs_maps: whether only faces with a heatmap have it.
    """

    metric: str
    lower: bool = False
    needs_maps: bool = False


CRITERIA: dict[str, Criterion] = {
    "accuracy": Criterion("val/accuracy"),
    "balanced_accuracy": Criterion("val/balanced_accuracy"),
    "macro_f1": Criterion("val/macro_f1"),
    "loss": Criterion("val/cross_entropy", lower=True),
    "att_cos": Criterion("val/att_cos", needs_maps=True),
}
"""Name -> what of a validation chooses the best state; the published systems take accuracy."""


class ModelSelection:
    """Compares validations, by the score that train.choose_by names."""

    def __init__(self, params: TrainParams, has_maps: bool) -> None:
        """Take the numbers of a run.

        Args:
            params: choose_by and patience.
            has_maps: whether validated faces have heatmaps.

        Raises:
            UsageError: if the score is not known, or cannot be had.
        """
        self._criterion = pick(CRITERIA, params.choose_by, "score to choose by")
        if self._criterion.needs_maps and not has_maps:
            raise UsageError(
                "train.choose_by",
                f"is {params.choose_by}, but this run reads no heatmaps, or no face of split "
                f"{params.chosen_on} has one. Choose by accuracy, or align this run.",
            )
        self._patience = params.patience

    @property
    def metric(self) -> str:
        """Name of the metric in a row."""
        return self._criterion.metric

    def value(self, row: Row) -> float:
        """Return how good a validation is, higher is better; -inf if the score is not a number."""
        value = row[self._criterion.metric]
        if not math.isfinite(value):
            return -math.inf
        return -value if self._criterion.lower else value

    def is_best(self, row: Row, before: Sequence[Row]) -> bool:
        """Say whether none before was better: on a tie the later one, as published."""
        return all(self.value(row) >= self.value(one) for one in before)

    def best(self, history: Sequence[Row]) -> Row:
        """Return the validation that is kept."""
        return max(reversed(history), key=self.value)

    def is_exhausted(self, history: Sequence[Row]) -> bool:
        """Say whether the last `patience` validations were no better than one before them."""
        values = [self.value(row) for row in history]
        if not self._patience or not values:
            return False
        return len(values) - 1 - values.index(max(values)) >= self._patience


def next_validation(params: TrainParams, steps: int, last: int | None) -> int:
    """Return the step after which the next validation comes, counted over the whole run.

    With `validate_every` below 1 an epoch is validated after every int(validate_every * steps)
    steps and at its end, as in the published code; else at the end of every so many epochs, and of
    the run.

    Args:
        params: epochs, validate_every, protocol.
        steps: per epoch.
        last: step of the validation before; None if there was none.
    """
    if last is None:
        if params.validates_untrained:
            return 0
        last = 0
    if params.validate_every >= 1:
        period = int(params.validate_every) * steps
        return min((last // period + 1) * period, params.epochs * steps)
    every = max(int(params.validate_every * steps), 1)
    epoch, within = divmod(last, steps)
    return epoch * steps + min((within // every + 1) * every, steps)
