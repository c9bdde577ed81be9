"""Reads finished stores through the memory map.

Every sample's checksum is checked at its first use.

Shapes: N samples of the store, B samples of a batch.
"""

from collections.abc import Collection, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from contracts.files import STATUS
from contracts.labels import LabelSet
from errors import CorruptError, NoInputError, pick
from store.building import Json, read_manifest
from store.layout import Layout, read_layout, shard_file
from store.samples import CRC_BYTES, JPEG, RAW, decode_jpeg
from store.shards import Array, read_index
from store.tables import Row, read_rows, read_table

if TYPE_CHECKING:
    import polars as pl

    Rows = TypeVar("Rows", pl.DataFrame, list[Row])

AU_INTENSITY = "au_intensity"
"""Array of the faces' own action units, in stores of align and landmark."""
LABEL_SHARES = "label_shares"
"""Array of the classes' shares in several people's labels, in stores of align and landmark."""
VALENCE_AROUSAL = "valence_arousal"
"""Array of how pleasant and how excited the faces look, in stores of align."""
POINT_STEPS_PER_PX = 64
"""Landmarks are stored as int16 in 1/64 px."""


class MappedArray:
    """One array of a finished store, read through the memory map."""

    def __init__(self, root: Path, name: str, layout: Layout, check: bool = True) -> None:
        """Map nothing yet: a shard is mapped at its first use.

        Args:
            root: the store.
            name: of the array.
            layout: of the store.
            check: every sample's checksum at its first use; a store that was verified on
                this machine can be read without it.
        """
        self._root, self._name, self._layout = root, name, layout
        self._spec = layout.arrays[name]
        self._bytes = self._spec.bytes
        self._maps: dict[int, NDArray[np.uint8]] = {}
        self._checked = np.full(layout.rows, not check)

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, ...) of the whole array."""
        return (self._layout.rows, *self._spec.shape)

    @property
    def dtype(self) -> str:
        """Of its elements."""
        return self._spec.dtype

    @property
    def row_bytes(self) -> int:
        """Size of what `gather` writes per sample: its bytes, then its checksum."""
        return self._bytes + CRC_BYTES

    def gather(self, rows_B: NDArray[np.integer], out_BR: NDArray[np.uint8]) -> None:
        """Copy samples as they lie on disk, each followed by its checksum.

        One call per shard, during which other threads run.

        Args:
            rows_B: ascending.
            out_BR: C order, `row_bytes` per row.

        Raises:
            IndexError: if there is no such row.
            CorruptError: if a sample's checksum does not fit.
        """
        self._require(rows_B)
        shards_B, local_B = np.divmod(rows_B, self._layout.shard_rows)
        starts = np.unique(shards_B, return_index=True)[1]
        for start, end in pairwise([*starts.tolist(), len(rows_B)]):
            shard = self._map(int(shards_B[start]))
            shard.take(local_B[start:end], axis=0, out=out_BR[start:end], mode="clip")
        self._check(rows_B, out_BR)

    def take(self, rows_B: NDArray[np.integer]) -> Array:
        """Return the samples at these rows, (B, ...), in this order.

        Raises:
            IndexError: if there is no such row.
            CorruptError: if a sample's checksum does not fit.
        """
        order_B = np.argsort(rows_B, kind="stable")  # one reading of a shard, in its order
        samples_BR = np.empty((len(rows_B), self.row_bytes), np.uint8)
        self.gather(rows_B[order_B], samples_BR)
        batch = np.empty((len(rows_B), self._bytes), np.uint8)
        batch[order_B] = samples_BR[:, : self._bytes]
        return batch.view(self._spec.dtype).reshape(len(rows_B), *self._spec.shape)

    def load(self) -> Array:
        """Return the whole array, (N, ...), as a copy in memory."""
        return self.take(np.arange(self._layout.rows))

    def _require(self, rows_B: NDArray[np.integer]) -> None:
        if len(rows_B) and not 0 <= rows_B[0] <= rows_B[-1] < self._layout.rows:
            raise IndexError(f"rows {rows_B[0]} to {rows_B[-1]} of {self._layout.rows}")

    def _check(self, rows_B: NDArray[np.integer], samples: NDArray[np.uint8]) -> None:
        fresh = np.flatnonzero(~self._checked[rows_B])
        stored = samples[fresh, self._bytes :].view("<u4").ravel()
        computed = [google_crc32c.value(samples[i, : self._bytes]) for i in fresh.tolist()]
        for row in rows_B[fresh[stored != np.array(computed, np.uint32)]]:
            raise self._damaged(int(row), "checksum")
        self._checked[rows_B] = True

    def _damaged(self, row: int, why: str) -> CorruptError:
        return CorruptError(
            self._file(row // self._layout.shard_rows),
            f"row {row} is damaged ({why}). "
            "Run `python cli.py repair` on the store to build its bad shards again.",
        )

    def _file(self, shard: int) -> Path:
        return self._root / shard_file(self._name, self._spec, shard)

    def _map(self, shard: int) -> NDArray[np.uint8]:
        """Map a shard as rows of payload and checksum, after checking that its index agrees."""
        if shard not in self._maps:
            file, index = self._mapped(shard)
            if (index[:, 1] != self.row_bytes).any():
                raise self._misplaced(shard, "its samples do not have one size")
            self._maps[shard] = file[: index[-1].sum()].reshape(len(index), self.row_bytes)
        return self._maps[shard]

    def _mapped(self, shard: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Map the file of a shard: its bytes, and where its samples lie."""
        file = np.asarray(np.memmap(self._file(shard), np.uint8, mode="r"))
        try:
            return file, read_index(file, self._layout, len(self._layout.span(shard)))
        except ValueError as error:
            raise self._misplaced(shard, str(error)) from error

    def _misplaced(self, shard: int, why: str) -> CorruptError:
        return CorruptError(self._file(shard), f"{why}. Build the store again.")


class JpegArray(MappedArray):
    """An array of pictures that lie as JPEGs; whoever gathers them decodes them."""

    def __init__(self, root: Path, name: str, layout: Layout, check: bool = True) -> None:
        """As MappedArray."""
        super().__init__(root, name, layout, check)
        self._shards: dict[int, tuple[NDArray[np.uint8], NDArray[np.int64]]] = {}

    @property
    def row_bytes(self) -> int:
        """Size of a decoded picture."""
        return self._bytes

    def gather(self, rows_B: NDArray[np.integer], out_BR: NDArray[np.uint8]) -> None:
        """Decode pictures.

        Args:
            rows_B: ascending.
            out_BR: C order, `row_bytes` per row.

        Raises:
            IndexError: if there is no such row.
            CorruptError: if a checksum does not fit, or what fits it is no such picture.
        """
        self._require(rows_B)
        for row, out_R in zip(rows_B.tolist(), out_BR, strict=True):
            try:
                decode_jpeg(self._payload(row), out_R.reshape(self._spec.shape))
            except ValueError as error:
                raise self._damaged(row, str(error)) from error

    def _payload(self, row: int) -> NDArray[np.uint8]:
        """Return the JPEG of a row, checked at its first use."""
        shard, local = divmod(row, self._layout.shard_rows)
        if shard not in self._shards:
            self._shards[shard] = self._mapped(shard)
        file, index = self._shards[shard]
        start, size = index[local].tolist()
        payload, stored = np.split(file[start : start + size], [size - CRC_BYTES])
        if not self._checked[row]:
            if google_crc32c.value(payload) != int.from_bytes(stored, "little"):
                raise self._damaged(row, "checksum")
            self._checked[row] = True
        return payload


ARRAYS: dict[str, type[MappedArray]] = {RAW: MappedArray, JPEG: JpegArray}
"""Codec -> how an array of it is read."""


class Store:
    """A finished store of arrays."""

    def __init__(self, path: Path, check: bool = True) -> None:
        """Open a store.

        Args:
            path: where it is.
            check: see MappedArray.

        Raises:
            NoInputError: if it is not there, not finished, or an output of another kind.
            CorruptError: if its manifest or the size of a file is not what was written.
        """
        self.path, self._check = path, check
        manifest = read_manifest(path)
        self.digest: str = manifest["sha256"]
        self.metadata: Json = manifest["metadata"]
        if not manifest["layout"]:
            raise NoInputError(path, "holds no arrays. Name the store of another stage.")
        self.layout = read_layout(path, manifest)
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

    @cached_property
    def labels(self) -> LabelSet:
        """The dataset's label set, which stage index wrote.

        Raises:
            CorruptError: if the manifest has none.
        """
        return LabelSet.model_validate(self.metadata["labels"])

    def array(self, name: str) -> MappedArray:
        """Return one of the store's arrays.

        Raises:
            UsageError: if it has no such array.
        """
        pick(self.layout.arrays, name, "array")
        if name not in self._arrays:
            kind = ARRAYS[self.layout.arrays[name].codec]
            self._arrays[name] = kind(self.path, name, self.layout, self._check)
        return self._arrays[name]

    def unmap(self) -> None:
        """Unmap everything; what is read next is mapped again.

        Pages that were touched count as memory of the process, and workers are held to a limit.
        """
        self._arrays.clear()

    def table(self, columns: Collection[str] | None = None) -> "pl.DataFrame":
        """Return the status table, one row per sample, or only some of its columns; all is text."""
        return self._whole(read_table(self.path / STATUS, columns))

    def rows(self) -> list[Row]:
        """Return the status table of a small store as rows."""
        return self._whole(read_rows(self.path / STATUS))

    def _whole(self, table: "Rows") -> "Rows":
        if len(table) != len(self):
            raise CorruptError(
                self.path / STATUS,
                f"has {len(table)} rows, the arrays {len(self)}. Build it again.",
            )
        return table


def read_points(store: Store, rows_B: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return landmarks (B, 68, 2) in px of the aligned face; NaN where a row has none."""
    points = store.array("points").take(rows_B) / POINT_STEPS_PER_PX
    points[store.array("valid").take(rows_B) == 0] = np.nan
    return points


def read_intensities(
    store: Store, rows_B: NDArray[np.integer]
) -> tuple[tuple[int, ...], NDArray[np.float32]]:
    """Return the FACS numbers of coded units (U,), and their intensities (B, U), NaN if not coded.

    A store without action units has none of either.
    """
    if AU_INTENSITY not in store.layout.arrays:
        return (), np.zeros((len(rows_B), 0), np.float32)
    units: list[int] = store.metadata["units"]
    return tuple(units), np.asarray(store.array(AU_INTENSITY).take(rows_B), np.float32)


def read_shares(store: Store, rows_B: NDArray[np.integer]) -> NDArray[np.float32] | None:
    """Return the classes' shares (B, K) in people's labels, NaN where they are not known.

    None for a store without any.
    """
    if LABEL_SHARES not in store.layout.arrays:
        return None
    return np.asarray(store.array(LABEL_SHARES).take(rows_B), np.float32)


def evenly_spaced(rows: Sequence[int], most: int) -> NDArray[np.intp]:
    """Choose at most `most` of these rows, spread evenly from the first to the last."""
    indices = np.linspace(0, len(rows) - 1, min(most, len(rows)))
    return np.array(rows, np.intp)[np.rint(indices).astype(np.intp)]
