"""How the arrays of a store lie on disk: what a sample is, its shards, and their files.

Every array is cut along its first axis into shards of `shard_rows` samples, a file each.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, prod
from pathlib import Path

import numpy as np

from contracts.files import MANIFEST
from errors import CorruptError
from store.building import COMMITS, Json
from store.samples import CODECS, CRC_BYTES, RAW

DATA = "data.zarr"
INDEX_BYTES = 16
"""Of a sample's place in the index at the end of a shard: offset and size."""
_SHARD_FILE = re.compile(
    rf"{COMMITS}/(\d{{6,18}})\.json|{re.escape(DATA)}/[^/]+/c\.(\d{{1,18}})(\.0)*", re.ASCII
)


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """One array: what a sample looks like.

    Attributes:
        shape: of a sample.
        dtype: of its elements.
        attributes: what the numbers are (what, unit, order, frame, scale), for readers that know
            nothing of AULens; they become attributes of the zarr and the HDF5 array.
        codec: row of CODECS.
    """

    shape: tuple[int, ...]
    dtype: str
    attributes: Mapping[str, str | float] = field(default_factory=dict, repr=False)
    codec: str = RAW

    @property
    def bytes(self) -> int:
        """Size of a sample in memory."""
        return prod(self.shape) * np.dtype(self.dtype).itemsize

    @property
    def sizes_differ(self) -> bool:
        """Whether samples differ in their size on disk."""
        return CODECS[self.codec].sizes_differ

    @property
    def disk_bytes(self) -> int:
        """Size of a sample on disk with its checksum; if sizes differ, more than most take."""
        return int(self.bytes * CODECS[self.codec].largest_share) + CRC_BYTES


@dataclass(frozen=True, slots=True)
class Layout:
    """All arrays of a store; they share rows and shard size."""

    rows: int
    shard_rows: int
    arrays: Mapping[str, ArraySpec]

    @property
    def bytes(self) -> int:
        """Size on disk, checksums included; with JPEGs in it, more than it will be."""
        return self.rows * sum(spec.disk_bytes for spec in self.arrays.values())

    @property
    def shards(self) -> int:
        """Number of shards."""
        return ceil(self.rows / self.shard_rows)

    def span(self, shard: int) -> range:
        """Rows of a shard."""
        return range(shard * self.shard_rows, min((shard + 1) * self.shard_rows, self.rows))

    def as_json(self) -> Json:
        """Return what the manifest keeps."""
        arrays = {
            name: {
                "shape": list(spec.shape),
                "dtype": spec.dtype,
                "attributes": dict(spec.attributes),
                "codec": spec.codec,
            }
            for name, spec in self.arrays.items()
        }
        return {"rows": self.rows, "shard_rows": self.shard_rows, "arrays": arrays}

    @classmethod
    def from_json(cls, value: Json) -> "Layout":
        """Read back what `as_json` wrote."""
        arrays = {
            name: ArraySpec(
                tuple(spec["shape"]),
                spec["dtype"],
                spec.get("attributes", {}),
                spec.get("codec", RAW),
            )
            for name, spec in value["arrays"].items()
        }
        return cls(value["rows"], value["shard_rows"], arrays)


def read_layout(store: Path, manifest: Json) -> Layout:
    """Return the layout of a finished store, after checking that its files fit it.

    Raises:
        CorruptError: if a shard of it is not listed, listed with another size, or there are more.
    """
    layout = Layout.from_json(manifest["layout"])
    listed = {
        name: record["bytes"]
        for name, record in manifest["files"].items()
        if shard_of(name) is not None
    }
    if len(listed) != layout.shards * (len(layout.arrays) + 1) or listed != _sizes(layout, listed):
        raise CorruptError(
            store / MANIFEST,
            "lists other shards than its layout has. "
            "Delete the folder and run `dvc repro` to build it again.",
        )
    return layout


def _sizes(layout: Layout, listed: Mapping[str, int]) -> dict[str, int]:
    """Return every file of the shards -> its bytes; records and JPEGs are as long as they are."""
    sizes = {}
    for shard in range(layout.shards):
        commit = commit_record(Path(), shard).as_posix()
        sizes[commit] = listed.get(commit, -1)
        for name, spec in layout.arrays.items():
            file = shard_file(name, spec, shard)
            samples = len(layout.span(shard)) * spec.disk_bytes
            index = layout.shard_rows * INDEX_BYTES + CRC_BYTES
            sizes[file] = listed.get(file, -1) if spec.sizes_differ else samples + index
    return sizes


def shard_of(file: str) -> int | None:
    """Return the shard that a file of a store belongs to; None if it belongs to no one shard."""
    found = _SHARD_FILE.fullmatch(file)
    return int(found[1] or found[2]) if found else None


def shard_rows(rows: int, largest: int) -> int:
    """Return how many rows a shard holds.

    64 in a store small enough to be one large shard of 4,096, else `largest`.
    """
    return largest if rows > 4096 else min(64, largest)


def shard_file(name: str, spec: ArraySpec, shard: int) -> str:
    """Return the path of one shard of an array, relative to the store."""
    return f"{DATA}/{name}/c.{shard}" + ".0" * len(spec.shape)


def commit_record(folder: Path, shard: int) -> Path:
    """Return the file that says that a shard is written."""
    return folder / COMMITS / f"{shard:06d}.json"
