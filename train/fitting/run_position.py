"""The epoch and step a run has reached; with the TrainState, all that it needs to resume."""

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class RunPosition:
    """Counters and history of a run, saved as JSON in every checkpoint.

    Attributes:
        epoch: number of finished epochs.
        step: number of finished steps in this epoch.
        sums: of every loss, over this epoch's steps that were taken.
        taken: number of steps of this epoch that were taken.
        missed: number of steps in a row, up to now, that were skipped.
        skipped: epoch, step and id of every face in a skipped step.
        history: metrics of every finished epoch.
    """

    epoch: int = 0
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    taken: int = 0
    missed: int = 0
    skipped: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)

    def best_accuracy(self) -> float:
        """Return the best accuracy on the validation split so far; -inf before the first epoch."""
        return max((row["val/accuracy"] for row in self.history), default=-math.inf)
