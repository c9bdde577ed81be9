"""A journal of the row a worker is computing, so that a row that kills its worker is found.

One small file per shard, in the build. Its first 16 bytes are the row in work, or blank; the
lines after them are verdicts: 'row verdict'. A worker that dies leaves its row; the next attempt at
the shard tries that row alone, in a process of its own, and only if that dies too the row is given
its status and left empty. Its neighbours are computed as usual, so their bytes are the same.

The file needs no fsync: it is to survive the worker, not the machine.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from pipeline.execution.isolated import RowLimits, clock, run_isolated
from store.files import PARTIAL_SUFFIX
from store.records import Status
from store.tables import Row

_SLOT_BYTES = 16
_SUSPECT = "alone"
"""Verdict on a row that was in work when a worker died: not with the others again."""

Cells = tuple[dict[str, NDArray[Any]], dict[str, object]]
"""One row of every array, and its notes, which hold at least 'status'."""


class RowWork(Protocol):
    """Compute one row: a function of its arguments alone."""

    def __call__(self, number: int, row: Row, failed: Status | None) -> Cells:
        """Return the row; if it `failed` for good, the empty row, without touching the picture."""


OpenRowWork = Callable[[], RowWork]
"""Importable and picklable; opens what all rows of a shard share."""


class Journal:
    """The journal of one shard; what an earlier attempt left is taken up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        left = os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0).decode("ascii")
        lines = (line.split() for line in left[_SLOT_BYTES:].splitlines())
        self.verdicts = {int(row): verdict for row, verdict in lines}
        if suspect := left[:_SLOT_BYTES].strip():
            self._judge(int(suspect), _SUSPECT)
        self.clear()

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def begin(self, number: int) -> None:
        """Say that this row is in work."""
        self._slot(str(number))

    def clear(self) -> None:
        """Say that no row is in work."""
        self._slot("")

    def failed(self, number: int) -> Status | None:
        """Return the status of a row that failed for good."""
        verdict = self.verdicts.get(number, _SUSPECT)
        return None if verdict == _SUSPECT else Status(verdict)

    def is_suspect(self, number: int) -> bool:
        """Say whether a row must be tried alone."""
        return self.verdicts.get(number) == _SUSPECT

    def mark_failed(self, number: int, status: Status) -> None:
        """Record that a row failed for good."""
        self._judge(number, status)

    def _slot(self, text: str) -> None:
        os.pwrite(self._descriptor, text.ljust(_SLOT_BYTES - 1).encode() + b"\n", 0)

    def _judge(self, number: int, verdict: str) -> None:
        self.verdicts[number] = verdict
        end = max(_SLOT_BYTES, os.fstat(self._descriptor).st_size)
        os.pwrite(self._descriptor, f"{number} {verdict}\n".encode(), end)


def journal_path(folder: Path, shard: int) -> Path:
    """Return where the journal of a shard lies; publishing sweeps it away."""
    return folder / f".journal-{shard:06d}{PARTIAL_SUFFIX}"


def compute_rows(
    open_rows: OpenRowWork, limits: RowLimits, journal: Journal, span: range, rows: list[Row]
) -> list[Cells]:
    """Compute the rows of one shard, one after the other, with the journal kept.

    Args:
        open_rows: the work.
        limits: what one row may take.
        journal: of this shard.
        span: the rows' numbers.
        rows: of the input's table.
    """
    compute = open_rows()
    cells = []
    for number, row in zip(span, rows, strict=True):
        if journal.is_suspect(number):
            cells.append(_compute_isolated(open_rows, limits, journal, number, row))
        elif failed := journal.failed(number):
            cells.append(compute(number, row, failed))
        else:
            cells.append(_compute_in_worker(compute, limits, journal, number, row))
    return cells


def _compute_in_worker(
    compute: RowWork, limits: RowLimits, journal: Journal, number: int, row: Row
) -> Cells:
    journal.begin(number)
    try:
        with clock(0 if limits.in_driver else limits.timeout_s):
            cells = compute(number, row, None)
    except Exception:
        journal.clear()  # an error that is raised killed nobody
        raise
    journal.clear()
    return cells


def _compute_isolated(
    open_rows: OpenRowWork, limits: RowLimits, journal: Journal, number: int, row: Row
) -> Cells:
    outcome = run_isolated(partial(_one_row, open_rows, number, row), limits)
    if isinstance(outcome, Status):
        journal.mark_failed(number, outcome)
        return open_rows()(number, row, outcome)
    return outcome


def _one_row(open_rows: OpenRowWork, number: int, row: Row) -> Cells:
    return open_rows()(number, row, None)
