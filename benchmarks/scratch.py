"""A folder for a benchmark's files that is gone afterwards, however the benchmark ends."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

PREFIX = "aulens-benchmark-"
"""Of such folders, before the number of their process."""


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a new temporary folder; SIGTERM removes it too.

    What an earlier benchmark left when it was killed outright is removed first: its folder has the
    number of its process in its name.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if not _alive(left.name.removeprefix(PREFIX).split("-")[0]):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))

    def leave(number: int, frame: FrameType | None) -> None:
        """Remove the folder and end: an exception would have to pass through whatever runs."""
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)


def _alive(process: str) -> bool:
    return not process.isdigit() or Path("/proc", process).exists() or not Path("/proc").exists()
