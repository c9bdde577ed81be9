"""From rows of a store to batches on the device: through a ring of buffers, or from its memory.

Shapes: N rows of a split, B rows of a batch, R bytes of a row.
"""

import logging
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from train.data.row_sources import Column
from train.params import FeedParams

Rows = NDArray[np.int64]
Columns = tuple[Column, ...]
Batches = Generator[tuple[Tensor, ...], None, None]
Source = Callable[[Sequence[Rows]], Batches]

_LOG = logging.getLogger(__name__)


def mapped(columns: Columns, rows_N: Rows, params: FeedParams, device: torch.device) -> Source:
    """Read through the memory map, ahead of the step; nothing is kept.

    A few threads fill a ring of buffers and move each to the device on a stream of their own. On
    the CPU a batch *is* its buffer, filled again when the next batch is asked for.
    """

    def batches(pieces: Sequence[Rows]) -> Batches:
        most = max(map(len, pieces), default=0)
        ring = [_Slot(columns, most, device) for _ in range(params.threads + 2)]
        pool = ThreadPoolExecutor(params.threads, "feed")
        jobs: deque[Future[tuple[Tensor, ...]]] = deque()
        try:
            for number, rows_B in enumerate(pieces[: len(ring)]):
                jobs.append(pool.submit(ring[number].filled, rows_B))
            for number in range(len(pieces)):
                yield _owned(jobs.popleft().result(), device)
                if number + len(ring) < len(pieces):
                    slot = ring[number % len(ring)]
                    jobs.append(pool.submit(slot.filled, pieces[number + len(ring)]))
        finally:
            pool.shutdown(cancel_futures=True)

    return batches


def resident(columns: Columns, rows_N: Rows, params: FeedParams, device: torch.device) -> Source:
    """Keep all rows on the device, as long as the feed lives."""
    chunks = np.array_split(rows_N, max(1, len(rows_N) * _bytes(columns) >> 26))
    kept = [
        torch.empty((len(rows_N), *column.shape[1:]), dtype=torch.uint8, device=device)
        for column in columns
    ]
    done = 0
    for chunk, parts in zip(chunks, mapped(columns, rows_N, params, device)(chunks), strict=True):
        for whole, part in zip(kept, parts, strict=True):
            whole[done : done + len(chunk)] = part
        done += len(chunk)

    def batches(pieces: Sequence[Rows]) -> Batches:
        places_M = torch.from_numpy(np.searchsorted(rows_N, np.concatenate(pieces))).to(device)
        for places_B in torch.split(places_M, [len(rows_B) for rows_B in pieces]):
            yield tuple(whole[places_B] for whole in kept)

    return batches


def auto(columns: Columns, rows_N: Rows, params: FeedParams, device: torch.device) -> Source:
    """Keep all rows on a GPU if they take a small enough share of its free memory; else map them.

    On the CPU they are mapped: the page cache is memory already.
    """
    wanted, free = len(rows_N) * _bytes(columns), _free_bytes(device)
    fits = wanted <= params.resident_share * free
    chosen = resident if fits else mapped
    _LOG.info(
        "feed: %s, %.1f GB of faces and maps, %.1f GB free on %s",
        chosen.__name__,
        wanted / 1e9,
        free / 1e9,
        device,
    )
    return chosen(columns, rows_N, params, device)


SOURCES: dict[str, Callable[[Columns, Rows, FeedParams, torch.device], Source]] = {
    "mapped": mapped,
    "resident": resident,
    "auto": auto,
}
"""Name -> (columns, ascending rows of the split, params, device) -> source: pieces -> batches."""


class _Slot:
    """Buffers for one batch; pinned where a GPU fetches it."""

    def __init__(self, columns: Columns, rows: int, device: torch.device) -> None:
        pinned = device.type == "cuda"
        self._columns, self._device = columns, device
        self._buffers = [
            torch.empty((rows, column.row_bytes), dtype=torch.uint8, pin_memory=pinned)
            for column in columns
        ]
        self._stream = torch.cuda.Stream(device) if pinned else None  # type: ignore[no-untyped-call]

    def filled(self, rows_B: Rows) -> tuple[Tensor, ...]:
        """Gather some rows and bring them to the device: (B, ...) a column."""
        parts = []
        for column, buffer in zip(self._columns, self._buffers, strict=True):
            part = buffer[: len(rows_B)]
            column.gather(rows_B, part.numpy())
            parts.append(part)
        return tuple(
            part[:, : prod(column.shape[1:])].view(len(part), *column.shape[1:])
            for column, part in zip(self._columns, self._moved(parts), strict=True)
        )

    def _moved(self, parts: list[Tensor]) -> list[Tensor]:
        if self._stream is None:
            return [part.to(self._device) for part in parts]
        with torch.cuda.stream(self._stream):
            moved = [part.to(self._device, non_blocking=True) for part in parts]
        self._stream.synchronize()  # this thread waits, not the step; then the buffer is free
        return moved


def _owned(parts: tuple[Tensor, ...], device: torch.device) -> tuple[Tensor, ...]:
    """Tell the allocator that the step's stream, too, uses what another one allocated."""
    if device.type == "cuda":
        for part in parts:
            part.record_stream(torch.cuda.current_stream(device))
    return parts


def _bytes(columns: Columns) -> int:
    return sum(column.row_bytes for column in columns)


def _free_bytes(device: torch.device) -> int:
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0
