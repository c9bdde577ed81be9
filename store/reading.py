"""How finished stores are read: through the memory map.

Every sample's checksum is checked when first touched.

Shapes: N samples of the store, B samples of a batch.
"""

from math import prod
from pathlib import Path

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from errors import CorruptError, NoInputError, pick
from store.building import Json, read_manifest
from store.shards import CRC_BYTES, DATA, STATUS, Array, Layout
from store.tables import Row, read_table

POINT_STEPS_PER_PX = 64
"""Landmarks are stored as int16 in 1/64 px."""


class MappedArray:
    """One array of a finished store, read through the memory map.

    Every sample's checksum is checked when first touched.
    """

    def __init__(self, root: Path, name: str, layout: Layout) -> None:
        self._folder, self._name, self._layout = root / DATA / name, name, layout
        self._spec = layout.arrays[name]
        self._bytes = prod(self._spec.shape) * np.dtype(self._spec.dtype).itemsize
        self._maps: dict[int, NDArray[np.uint8]] = {}
        self._checked = np.zeros(layout.rows, bool)

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, ...) of the whole array."""
        return (self._layout.rows, *self._spec.shape)

    @property
    def dtype(self) -> str:
        """Of its elements."""
        return self._spec.dtype

    def take(self, rows_B: NDArray[np.integer]) -> Array:
        """Return the samples at these rows, (B, ...), in this order.

        Raises:
            IndexError: if there is no such row.
            CorruptError: if a sample's checksum does not fit.
        """
        if len(rows_B) and not 0 <= rows_B.min() <= rows_B.max() < self._layout.rows:
            raise IndexError(f"rows {rows_B.min()} to {rows_B.max()} of {self._layout.rows}")
        shards_B, local_B = np.divmod(rows_B, self._layout.shard_rows)
        batch = np.empty((len(rows_B), self._bytes), np.uint8)
        for shard in np.unique(shards_B):
            places = np.flatnonzero(shards_B == shard)
            samples = np.take(self._map(int(shard)), local_B[places], axis=0, mode="clip")
            self._check(rows_B[places], samples)
            batch[places] = samples[:, : self._bytes]
        return batch.view(self._spec.dtype).reshape(len(rows_B), *self._spec.shape)

    def all(self) -> Array:
        """Return the whole array, (N, ...), as a copy in memory."""
        return self.take(np.arange(self._layout.rows))

    def _check(self, rows_B: NDArray[np.integer], samples: NDArray[np.uint8]) -> None:
        for row, sample in zip(rows_B, samples, strict=True):
            if self._checked[row]:
                continue
            stored = int.from_bytes(sample[self._bytes :].tobytes(), "little")
            if google_crc32c.value(sample[: self._bytes].tobytes()) != stored:
                raise CorruptError(
                    self._file(int(row) // self._layout.shard_rows),
                    f"row {row} is damaged (checksum). "
                    "Run `python cli.py repair` on the store to build its bad shards again.",
                )
            self._checked[row] = True

    def _file(self, shard: int) -> Path:
        zeros = ".0" * len(self._spec.shape)
        return self._folder / f"c.{shard}{zeros}"

    def _map(self, shard: int) -> NDArray[np.uint8]:
        """Map a shard as rows of payload and checksum, once its index says it is laid out so."""
        if shard not in self._maps:
            rows, stride = len(self._layout.span(shard)), self._bytes + CRC_BYTES
            file = np.memmap(self._file(shard), np.uint8, mode="r")
            index = file[rows * stride : -CRC_BYTES].view("<u8").reshape(-1, 2)[:rows]
            expected = np.stack([np.arange(rows) * stride, np.full(rows, stride)], axis=1)
            if not np.array_equal(index, expected):
                raise CorruptError(
                    self._file(shard), "its samples do not lie back to back. Build the store again."
                )
            self._maps[shard] = file[: rows * stride].reshape(rows, stride)
        return self._maps[shard]


class Store:
    """A finished store of arrays."""

    def __init__(self, path: Path) -> None:
        """Open a store.

        Raises:
            NoInputError: if it is not there, not finished, or an output of another kind.
            CorruptError: if its manifest or the size of a file is not what was written.
        """
        self.path = path
        manifest = read_manifest(path)
        self.digest: str = manifest["sha256"]
        self.about: Json = manifest["about"]
        if not manifest["layout"]:
            raise NoInputError(path, "holds no arrays. Name the store of another stage.")
        self.layout = Layout.from_json(manifest["layout"])
        self._arrays: dict[str, MappedArray] = {}
        for name, record in manifest["files"].items():
            file = path / name
            size = file.stat().st_size if file.exists() else "no"
            if size != record["bytes"]:
                raise CorruptError(
                    file,
                    f"has {size} bytes, {record['bytes']} were written. Build the store again.",
                )

    def __len__(self) -> int:
        return self.layout.rows

    def array(self, name: str) -> MappedArray:
        """Return one of the store's arrays.

        Raises:
            UsageError: if it has no such array.
        """
        pick(self.layout.arrays, name, "array")
        if name not in self._arrays:
            self._arrays[name] = MappedArray(self.path, name, self.layout)
        return self._arrays[name]

    def table(self) -> list[Row]:
        """Return the status table, one row a sample."""
        return read_table(self.path / STATUS)


def read_points(store: Store, rows_B: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return landmarks (B, 68, 2) in px of the aligned face; NaN where a row has none."""
    points = store.array("points").take(rows_B) / POINT_STEPS_PER_PX
    points[store.array("valid").take(rows_B) == 0] = np.nan
    return points
