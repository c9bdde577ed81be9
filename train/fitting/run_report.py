"""What a training says while it runs: lines for people, progress, curves. On rank 0 only."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from progress import ProgressCallback
from store.outputs import write_progress
from train.fitting.metrics_log import EPOCH, Row, metrics_of

Say = Callable[[str], None]

_SECONDS_PER_PROGRESS_FILE = 5.0
_WARM_UP, _MEASURED = 2, 20
"""The first steps are slower; the estimate is made from those after them."""


def quiet(line: str) -> None:
    """Say nothing."""


@dataclass(slots=True)
class RunReport:
    """Tells how far a run is.

    Attributes:
        folder: of the run.
        progress: called with (steps done, total steps, note).
        say: called with lines for people.
        total: steps of the whole run.
        faces: per step.
        epochs: of the whole run.
    """

    folder: Path
    progress: ProgressCallback
    say: Say
    total: int
    faces: int
    epochs: int
    _begun: float = field(default_factory=time.monotonic)
    _begun_at: int = 0
    _written: float = field(default_factory=time.monotonic)
    _warm: tuple[int, float] | None = None

    def start(self, done: int, what: str) -> None:
        """Say what begins, and from which step."""
        self._begun, self._begun_at = time.monotonic(), done
        resumed = f", from step {done} of {self.total}" if done else ""
        self.say(f"{what}{resumed}")
        self.progress(done, self.total, "")

    def step(self, done: int, losses: Mapping[str, float]) -> None:
        """Update the progress, now and then its file, and make the estimate once."""
        epoch = math.ceil(done * self.epochs / self.total)
        shown = ", ".join(f"{name} {loss:.4g}" for name, loss in losses.items())
        self.progress(done, self.total, f"epoch {epoch} of {self.epochs}, {shown}")
        if time.monotonic() - self._written >= _SECONDS_PER_PROGRESS_FILE:
            self.write(done)
        if done - self._begun_at == _WARM_UP:
            self._warm = (done, time.monotonic())
        if self._warm and done - self._warm[0] == _MEASURED:
            seconds = (time.monotonic() - self._warm[1]) / _MEASURED
            left = seconds * (self.total - done)
            self.say(
                f"about {_words(left)} to go: {_MEASURED} steps took {seconds:.3g} s each "
                "(validation comes on top)"
            )

    def write(self, done: int) -> None:
        """Write the file that `status` reads."""
        self._written = time.monotonic()
        write_progress(self.folder, done, self.total, self._rate(done))

    def validated(self, done: int, row: Row, best: Row, metric: str) -> None:
        """Say how an epoch, or a part of one, went.

        Args:
            done: steps.
            row: its metrics.
            best: those of the best validation so far.
            metric: name of the one that it is the best by.
        """
        rate = self._rate(done)
        scores = ", ".join(f"{name} {value:.4g}" for name, value in metrics_of(row).items())
        parts = [
            f"epoch {row[EPOCH]:.4g} of {self.epochs}: {scores}",
            f"best {metric} {best[metric]:.4g} at epoch {best[EPOCH]:.4g}",
        ]
        if rate:
            left = (self.total - done) / rate
            parts.append(f"{rate * self.faces:.0f} faces/s, {_words(left)} left")
        self.say("; ".join(parts))

    def finish(self, done: int, history: Sequence[Row], best: Row, metric: str) -> None:
        """Say how it ended."""
        epochs = history[-1][EPOCH]
        early = f" of {self.epochs}, stopped early" if done < self.total else ""
        took = _words(time.monotonic() - self._begun)
        self.say(
            f"done after {epochs:.4g} epochs{early}: {metric} {best[metric]:.4g} at epoch "
            f"{best[EPOCH]:.4g} is kept as best; {took}"
        )

    def _rate(self, done: int) -> float:
        """Return steps per second since it began or resumed, validation and all."""
        return (done - self._begun_at) / max(time.monotonic() - self._begun, 1e-9)


def _words(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
