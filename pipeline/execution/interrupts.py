"""Ctrl-C and SIGTERM wait until workers are started or closed whole, and do not reach workers."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType
from typing import Any


@contextmanager
def closed_whole(opened: Any) -> Iterator[Any]:  # noqa: ANN401 - distributed ships no types
    """Close something at the end, whole.

    If Ctrl-C cuts into a cluster's closing, distributed waits for 10 s at exit for the rest of it.
    """
    try:
        yield opened
    finally:
        with interrupts_put_off():
            opened.close()


@contextmanager
def interrupts_put_off() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait for the end of the block.

    A second one is obeyed at once, and so is one that comes while the first is being obeyed.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or not isinstance(sys.exc_info()[1], Exception | None):
        yield
        return
    came: list[int] = []

    def put_off(number: int, frame: FrameType | None) -> None:
        if came:
            os._exit(128 + number)
        came.append(number)

    usual = {name: signal.signal(name, put_off) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in usual.items():
            signal.signal(name, handler)
        for number in came:
            signal.raise_signal(number)


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Start threads and processes that ignore Ctrl-C; the process that starts them ends them.

    They inherit the mask, and so do the workers that take the place of dead ones.
    """
    resource_tracker.ensure_running()  # started by the first worker, it would lift the mask
    usual = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, usual)
