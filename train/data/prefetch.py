"""From rows of a store to batches on the device: prefetched by threads, or kept in its memory.

Shapes: N rows of a split, B rows of a batch, R bytes of a row.
"""

import logging
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from math import prod
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from train.device import send, use_device
from train.params import FeedParams


class RowSource(Protocol):
    """Rows of bytes, each one sample (N, ...) of uint8, perhaps followed by a checksum."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, ...) of all samples."""

    @property
    def row_bytes(self) -> int:
        """R, at least the bytes of one sample."""

    def gather(self, rows_B: NDArray[np.integer], out_BR: NDArray[np.uint8]) -> None:
        """Copy rows, given in ascending order."""


Rows = NDArray[np.int64]
RowSources = tuple[RowSource, ...]
TensorBatches = Generator[tuple[Tensor, ...], None, None]
Fetcher = Callable[[Sequence[Rows]], TensorBatches]
"""Rows of each batch -> the batches, one tensor per row source."""

_LOG = logging.getLogger(__name__)


def mapped(sources: RowSources, rows_N: Rows, params: FeedParams, device: torch.device) -> Fetcher:
    """Read from memory-mapped files, a few batches ahead of the step; nothing is kept.

    Threads fill a ring of buffers and copy each to the device on a stream of its own. On the CPU a
    batch *is* its buffer, which is filled again when the next batch is requested. The ring stays
    for the next epoch: fresh memory costs more than reading an epoch of ten batches.
    """
    spare: list[_Ring] = []

    def fetch(batches: Sequence[Rows]) -> TensorBatches:
        largest = max(map(len, batches), default=0)
        kept = spare.pop() if spare else None  # none while another epoch is still being read
        if kept is None or kept.rows < largest:
            buffers = [_Buffer(sources, largest, device) for _ in range(params.threads + 2)]
            kept = _Ring(largest, buffers)
        ring = kept.buffers
        # A new thread starts on GPU 0, where it would open a context beside that of the training.
        pool = ThreadPoolExecutor(params.threads, "prefetch", use_device, (device,))
        jobs: deque[Future[tuple[Tensor, ...]]] = deque()
        try:
            for number, rows_B in enumerate(batches[: len(ring)]):
                jobs.append(pool.submit(ring[number].fill, rows_B))
            for number in range(len(batches)):
                yield _recorded(jobs.popleft().result(), device)
                if number + len(ring) < len(batches):
                    buffer = ring[number % len(ring)]
                    jobs.append(pool.submit(buffer.fill, batches[number + len(ring)]))
        finally:
            pool.shutdown(cancel_futures=True)
            spare[:] = [kept]

    return fetch


def resident(
    sources: RowSources, rows_N: Rows, params: FeedParams, device: torch.device
) -> Fetcher:
    """Keep all rows on the device, as long as the loader lives."""
    chunks = np.array_split(rows_N, max(1, len(rows_N) * _bytes(sources) >> 26))
    kept = [
        torch.empty((len(rows_N), *source.shape[1:]), dtype=torch.uint8, device=device)
        for source in sources
    ]
    done = 0
    for chunk, parts in zip(chunks, mapped(sources, rows_N, params, device)(chunks), strict=True):
        for whole, part in zip(kept, parts, strict=True):
            whole[done : done + len(chunk)] = part
        done += len(chunk)

    def fetch(batches: Sequence[Rows]) -> TensorBatches:
        index_M = torch.from_numpy(np.searchsorted(rows_N, np.concatenate(batches)))
        index_M = send(index_M, device)
        for index_B in torch.split(index_M, [len(rows_B) for rows_B in batches]):
            yield tuple(whole[index_B] for whole in kept)

    return fetch


def auto(sources: RowSources, rows_N: Rows, params: FeedParams, device: torch.device) -> Fetcher:
    """Keep all rows on a GPU if they take a small enough share of its free memory; else map them.

    It is decided when the first batches are asked for: by then the model is on the GPU and counts.
    On the CPU they are always mapped: the page cache is in memory already.
    """
    chosen: list[Fetcher] = []

    def fetch(batches: Sequence[Rows]) -> TensorBatches:
        if not chosen:
            needed, free = len(rows_N) * _bytes(sources), _free_bytes(device)
            way = resident if needed <= params.resident_share * free else mapped
            _LOG.info(
                "feed: %s, %.1f GB of faces and maps, %.1f GB free on %s",
                way.__name__,
                needed / 1e9,
                free / 1e9,
                device,
            )
            chosen.append(way(sources, rows_N, params, device))
        return chosen[0](batches)

    return fetch


FETCHERS: dict[str, Callable[[RowSources, Rows, FeedParams, torch.device], Fetcher]] = {
    "mapped": mapped,
    "resident": resident,
    "auto": auto,
}
"""train.feed.source -> (row sources, ascending rows of the split, params, device) -> fetcher."""


@dataclass(frozen=True, slots=True)
class _Ring:
    """Buffers, each for so many rows."""

    rows: int
    buffers: "list[_Buffer]"


class _Buffer:
    """Memory for one batch; pinned if a GPU copies from it."""

    def __init__(self, sources: RowSources, rows: int, device: torch.device) -> None:
        pinned = device.type == "cuda"
        self._sources, self._device = sources, device
        with torch.cuda.device(device) if pinned else nullcontext():  # whose context pins
            self._parts = [
                torch.empty((rows, source.row_bytes), dtype=torch.uint8, pin_memory=pinned)
                for source in sources
            ]
        self._stream = torch.cuda.Stream(device) if pinned else None  # type: ignore[no-untyped-call]

    def fill(self, rows_B: Rows) -> tuple[Tensor, ...]:
        """Gather some rows and copy them to the device: (B, ...) per row source."""
        parts = []
        for source, whole in zip(self._sources, self._parts, strict=True):
            part = whole[: len(rows_B)]
            source.gather(rows_B, part.numpy())
            parts.append(part)
        return tuple(
            part[:, : prod(source.shape[1:])].view(len(part), *source.shape[1:])
            for source, part in zip(self._sources, self._to_device(parts), strict=True)
        )

    def _to_device(self, parts: list[Tensor]) -> list[Tensor]:
        if self._stream is None:
            return [part.to(self._device) for part in parts]
        with torch.cuda.stream(self._stream):
            copies = [part.to(self._device, non_blocking=True) for part in parts]
        self._stream.synchronize()  # this thread waits, not the step; then the buffer is free
        return copies


def _recorded(parts: tuple[Tensor, ...], device: torch.device) -> tuple[Tensor, ...]:
    """Tell the allocator that the step's stream also uses what another stream allocated."""
    if device.type == "cuda":
        for part in parts:
            part.record_stream(torch.cuda.current_stream(device))
    return parts


def _bytes(sources: RowSources) -> int:
    return sum(source.row_bytes for source in sources)


def _free_bytes(device: torch.device) -> int:
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0
