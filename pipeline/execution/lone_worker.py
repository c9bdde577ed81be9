"""A single worker process: for work that is over before a cluster would have started.

What kills it costs no more than with a cluster: it is started again, and told the same once more.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import psutil

_WATCH_S = 0.1
"""How often its memory is looked at."""


class LoneWorker:
    """Does items one after another in a process of its own."""

    def __init__(self, task: Callable[[Any], Mapping[str, int]], memory_bytes: int) -> None:
        """Start nothing yet.

        Args:
            task: importable and picklable.
            memory_bytes: if the process holds more, it is ended.
        """
        self._task, self._memory_bytes = task, memory_bytes
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def start(self) -> None:
        """Start the process; it inherits which signals are blocked."""
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._task), daemon=True)
        self._process.start()
        theirs.close()  # or its end would go unnoticed

    def close(self) -> None:
        """End the process."""
        if self._process is not None and self._connection is not None:
            self._connection.close()
            self._process.kill()
            self._process.join()
        self._process = self._connection = None

    def do(self, item: object) -> Mapping[str, int] | None:
        """Return the result of an item; None if the process died of it.

        Raises:
            Exception: whatever the task raises.
        """
        assert self._process is not None
        assert self._connection is not None
        outcome = self._answer(self._process, self._connection, item)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _answer(
        self,
        process: BaseProcess,
        connection: Connection,
        item: object,
    ) -> Mapping[str, int] | Exception | None:
        with suppress(EOFError, OSError):
            connection.send(item)
            while not connection.poll(_WATCH_S):
                with suppress(psutil.NoSuchProcess):
                    if psutil.Process(process.pid).memory_info().rss > self._memory_bytes:
                        process.kill()
            outcome: Mapping[str, int] | Exception = connection.recv()
            return outcome
        return None


def _serve(connection: Connection, task: Callable[[Any], object]) -> None:
    """Answer every item until the other end is closed."""
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            connection.send(_outcome(task, connection.recv()))


def _outcome(task: Callable[[Any], object], item: object) -> object:
    try:
        return task(item)
    except Exception as error:
        return error
