"""How far a run has come."""

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Position:
    """Where a run is: with the learner's state, all that it needs to go on.

    Attributes:
        epoch: how many are finished.
        step: how many are done in this epoch.
        sums: of every loss over this epoch's steps that were taken.
        taken: how many those are.
        missed: how many steps in a row were not taken, up to now.
        skipped: epoch, step and id of every face in a step that was not taken.
        history: what was logged, an epoch each.
    """

    epoch: int = 0
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    taken: int = 0
    missed: int = 0
    skipped: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)

    def best(self) -> float:
        """Return the best accuracy on the validation split so far."""
        return max((row["val/accuracy"] for row in self.history), default=-math.inf)
