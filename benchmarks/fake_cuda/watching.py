"""Counters of the fake CUDA runtime, and the line of our code behind every wait."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NamedTuple

_HOME = f"{Path(__file__).parents[2]}/"
COUNTERS = ("launches", "to_device", "from_device", "unpinned")
"""In the order of runtime.c: kernels, copies to and from devices, copies without pinned memory."""

_INSIDE = ("train/methods/", "train/data/augmentation.py", "train/data/colour_jitter.py")
_INSIDE_FUNCTIONS = {"_losses_of"}
_PASSED_OVER = ("train/device.py",)  # its callers say more
BACKWARD = "backward"


class Wait(NamedTuple):
    """A time at which a thread waited for the device.

    Attributes:
        line: file, line and function of ours; `backward` in autograd's own threads.
        feeding: whether a thread that reads ahead waited, and no step.
        inside: whether it was in augmentation, forward pass, losses or backward pass.
    """

    line: str
    feeding: bool
    inside: bool


@dataclass(frozen=True, slots=True)
class Span:
    """What happened between two calls of `Watch.cut`.

    Attributes:
        counts: counter -> how many.
        waits: each, in order.
    """

    counts: dict[str, int]
    waits: tuple[Wait, ...]


class Watch:
    """Watches the fake runtime that this process runs on."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.fake_count.restype = ctypes.c_long
        self._waits: list[Wait] = []
        self._before = self._counts()

    def cut(self) -> Span:
        """Return what has happened since the last call, or since the beginning."""
        now, waits = self._counts(), tuple(self._waits)
        counts = {name: now[name] - self._before[name] for name in COUNTERS}
        self._before, self._waits[:] = now, ()
        return Span(counts, waits)

    def touched(self) -> list[int]:
        """Return the devices that have a context."""
        return [number for number in range(8) if self._library.fake_touched(number)]

    def note(self) -> None:
        """Record a wait of the calling thread."""
        self._waits.append(_describe(sys._getframe(1)))

    def _counts(self) -> dict[str, int]:
        return {name: self._library.fake_count(place) for place, name in enumerate(COUNTERS)}


def _describe(frame: FrameType | None) -> Wait:
    ours = []
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(_HOME) and "/site-packages/" not in code.co_filename:
            ours.append((code.co_filename.removeprefix(_HOME), frame.f_lineno, code.co_name))
        frame = frame.f_back
    if not ours:
        return Wait(BACKWARD, feeding=False, inside=True)
    shown = [one for one in ours if one[0] not in _PASSED_OVER] or ours
    file, line, function = shown[0]
    feeding = threading.current_thread() is not threading.main_thread()
    inside = any(one[0].startswith(_INSIDE) or one[2] in _INSIDE_FUNCTIONS for one in ours)
    return Wait(f"{file}:{line} {function}", feeding, inside)


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch while it lasts.

    Raises:
        RuntimeError: if this process does not run on the fake runtime.
    """
    preloaded = os.environ.get("LD_PRELOAD", "")
    if not preloaded.endswith("libfake.so"):
        raise RuntimeError("not on fake GPUs. Run: python -m benchmarks.fake_cuda ARGUMENTS")
    library = ctypes.CDLL(preloaded)
    watch = Watch(library)
    call = ctypes.CFUNCTYPE(None)(watch.note)
    library.fake_on_wait(call)
    try:
        yield watch
    finally:
        library.fake_on_wait(None)
