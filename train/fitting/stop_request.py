"""Ctrl-C, SIGTERM and Slurm's SIGUSR1: finish the step, save, and exit with the usual code."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from errors import TryLaterError

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


@dataclass(slots=True)
class StopRequest:
    """Whether the process was asked to stop, and by which signal.

    Attributes:
        signal: the first one received; None if there was none.
    """

    signal: int | None = None

    def exit(self, folder: Path) -> NoReturn:
        """Stop as requested, once the run in `folder` is saved.

        Ctrl-C and SIGTERM are raised again and do what they do by default.

        Raises:
            TryLaterError: after SIGUSR1, which Slurm sends when time is nearly up, or if another
                rank was asked (exit code 75: queue the job again).
        """
        if self.signal in (signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(self.signal)
        raise TryLaterError(folder, "stopped on request; the run is saved. Run again to resume.")


@contextmanager
def graceful_shutdown() -> Iterator[StopRequest]:
    """Record the first signal instead of dying from it; a second signal exits immediately."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def record(number: int, frame: FrameType | None) -> None:
        request.signal = number
        restore()

    for number in _SIGNALS:
        signal.signal(number, record)
    try:
        yield request
    finally:
        restore()
