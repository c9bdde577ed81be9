"""Ctrl-C, SIGTERM and Slurm's SIGUSR1: finish what is in hand, save, and leave with their code."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from errors import TryLaterError

_HEEDED = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


@dataclass(slots=True)
class Asked:
    """Whether somebody asked to stop, and how.

    Attributes:
        signal: the first one that came.
    """

    signal: int | None = None

    def leave(self, where: Path) -> NoReturn:
        """Stop as asked; the work is saved.

        Ctrl-C and SIGTERM are sent again, and do what they did before they were heeded.

        Raises:
            TryLaterError: after SIGUSR1, with which Slurm tells that time is up, or if it was
                another rank that was asked (exit 75: queue it again).
        """
        if self.signal in (signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(self.signal)
        raise TryLaterError(where, "was asked to stop, and is saved. Run again to go on.")


@contextmanager
def heeded() -> Iterator[Asked]:
    """Take note of signals instead of dying of them; a second one does what it did before."""
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.getsignal(number) for number in _HEEDED}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, frame: FrameType | None) -> None:
        asked.signal = number
        restore()

    for number in _HEEDED:
        signal.signal(number, note)
    try:
        yield asked
    finally:
        restore()
