"""Progress of long work: a bar on a terminal, a line every ten seconds elsewhere.

Names of files in it are escaped, and are no markup.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

from errors import printable

_SECONDS_PER_LINE = 10.0

ProgressCallback = Callable[[int, int, str], None]
"""Called with (done, total, note) as work goes on."""


def silent(done: int, total: int, note: str) -> None:
    """Report nothing: the default of every progress callback."""


class ProgressBar:
    """Called with (done, total, note) as work goes on; a context manager.

    Args:
        what: the stage and its output.
    """

    def __init__(self, what: str) -> None:
        self._what, self._started, self._last = printable(what), time.monotonic(), time.monotonic()
        self._done_before: int | None = None
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        is_main = os.environ.get("RANK", "0") == "0"  # of torchrun's ranks, only the first reports
        shown = console.is_terminal and is_main
        self._bar = Progress(*columns, console=console, transient=True) if shown else None
        self._task = (
            self._bar.add_task(self._what, total=None, rate="", note="") if self._bar else None
        )

    def __enter__(self) -> "ProgressBar":
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, done: int, total: int, note: str) -> None:
        """Show how far it is.

        A first call without a note gives the steps of an earlier run; the rate leaves them out.
        """
        now, note = time.monotonic(), printable(note)
        if self._done_before is None:
            self._done_before = 0 if note else done
            self._started = self._started if note else now
        pace = max(done - self._done_before, 1) / max(now - self._started, 1e-9)
        rate = f"{pace:.3g}/s"
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, rate=rate, note=note)
        elif now - self._last >= _SECONDS_PER_LINE:
            self._last = now
            left = timedelta(seconds=round((total - done) / pace))
            parts = [f"{done} of {total}", rate, f"{left} left", note]
            sys.stderr.write(f"{self._what}: {', '.join(filter(None, parts))}\n")

    def print_line(self, line: str) -> None:
        """Print a line above the bar."""
        line = printable(line)
        if self._bar:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stderr.write(f"{self._what}: {line}\n")

    @property
    def seconds(self) -> float:
        """Time since it began."""
        return time.monotonic() - self._started
