"""The epoch and step a run has reached; with the TrainState, all that it needs to resume."""

from dataclasses import dataclass, field
from typing import Any

ONE_DEVICE = "Equal bits are promised on one device only."


@dataclass(slots=True)
class RunPosition:
    """Counters and history of a run, saved as JSON in every checkpoint.

    Attributes:
        epoch: number of finished epochs.
        step: number of finished steps in this epoch.
        sums: of every loss, over the steps since the last validation that were taken.
        taken: number of these steps.
        missed: number of steps in a row, up to now, that were skipped.
        skipped: epoch, step and id of every face in a skipped step.
        history: epoch, step and metrics of every validation.
        devices: names of the devices that it was trained on, in their order.
    """

    epoch: int = 0
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    taken: int = 0
    missed: int = 0
    skipped: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)

    def note_device(self, name: str) -> str | None:
        """Record the device that the run goes on on; return the one before if it was another."""
        before = self.devices[-1] if self.devices else name
        if self.devices[-1:] != [name]:
            self.devices.append(name)
        return None if before == name else before
