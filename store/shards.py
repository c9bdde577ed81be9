"""Writes arrays as shards, and reads where their samples lie.

A store of arrays holds data.zarr (zarr v3). Every array is cut along its first axis: one sample per
inner chunk, uncompressed or as a JPEG, followed by its crc32c; `shard_rows` samples per file; the
shard index at the end. zarr writes the metadata; the shards are packed here, to the bytes that zarr
would write, in a sixtieth of its time. store.reading maps them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from contracts.files import STATUS
from store.building import COMMITS
from store.files import atomic_write, canonical_json, digest, sync_folder
from store.layout import DATA, INDEX_BYTES, Layout, commit_record, shard_file
from store.samples import CODECS, CRC_BYTES, JPEG, RAW
from store.tables import Row, write_table

Array = NDArray[Any]


def create_arrays(folder: Path, layout: Layout) -> None:
    """Write the zarr metadata of a store that has no shards yet; harmless when there already."""
    for key, payload in _metadata(layout).items():
        (folder / DATA / key).parent.mkdir(parents=True, exist_ok=True)
        atomic_write(folder / DATA / key, payload)
    (folder / COMMITS).mkdir(exist_ok=True)
    sync_folder(folder / DATA)
    sync_folder(folder)


def _metadata(layout: Layout) -> dict[str, bytes]:
    """Let zarr describe the arrays, and return its files."""
    import zarr
    from zarr.codecs import Crc32cCodec
    from zarr.core.buffer import Buffer
    from zarr.storage import MemoryStore

    from store.zarr_jpeg import JpegCodec

    files: dict[str, Buffer] = {}
    group = zarr.create_group(MemoryStore(files))
    for name, spec in layout.arrays.items():
        group.create_array(
            name,
            shape=(layout.rows, *spec.shape),
            dtype=spec.dtype,
            chunks=(1, *spec.shape),
            shards=(layout.shard_rows, *spec.shape),
            serializer=JpegCodec() if spec.codec == JPEG else "auto",
            compressors=[Crc32cCodec()],
            filters=None,
            fill_value=0,
            chunk_key_encoding={"name": "default", "separator": "."},
            attributes=dict(spec.attributes),
        )
    return {key: value.to_bytes() for key, value in files.items()}


def pack_shard(block: Array, shard_rows: int, codec: str = RAW) -> bytes:
    """Return the bytes of one shard, as zarr's sharding codec lays them out.

    Args:
        block: the shard's rows, batch first; fewer than `shard_rows` in the last shard.
        shard_rows: places in the index, 16 bytes each (offset, size); all ones where no row is.
        codec: row of CODECS.
    """
    samples = CODECS[codec].encode(block)
    sizes = np.array([len(sample) + CRC_BYTES for sample in samples])
    index = np.full((shard_rows, 2), -1, "<i8")
    index[: len(sizes), 0] = np.cumsum(sizes) - sizes
    index[: len(sizes), 1] = sizes
    checked = chain.from_iterable((sample, _crc(sample)) for sample in samples)
    places = index.tobytes()
    return b"".join((*checked, places, _crc(places)))


def _crc(sample: bytes) -> bytes:
    return int(google_crc32c.value(sample)).to_bytes(CRC_BYTES, "little")


def read_index(shard: Array, layout: Layout, rows: int) -> NDArray[np.int64]:
    """Return where the samples of a shard lie: (rows, 2), offset and size with the checksum.

    Args:
        shard: the bytes of its file.
        layout: of the store.
        rows: that the shard holds.

    Raises:
        ValueError: if they do not lie back to back from the start of the file to the index.
    """
    end = len(shard) - layout.shard_rows * INDEX_BYTES - CRC_BYTES
    places: NDArray[np.int64] = shard[end:-CRC_BYTES].view("<i8").reshape(-1, 2)[:rows]
    ends = np.cumsum(places[:, 1])
    if (places[:, 1] <= CRC_BYTES).any() or (places[:, 0] != ends - places[:, 1]).any():
        raise ValueError("its samples do not lie back to back")
    if ends[-1] != end:
        raise ValueError("its samples do not end where its index begins")
    return places


def pending_shards(folder: Path, layout: Layout) -> list[int]:
    """Return the shards without a commit record: those to build. A resumed run skips the others."""
    return [shard for shard in range(layout.shards) if not commit_record(folder, shard).exists()]


def read_notes(folder: Path, shard: int) -> dict[str, list[str]] | None:
    """Return the notes of a shard, column -> one value per row; None if it is not committed."""
    record = commit_record(folder, shard)
    if not record.exists():
        return None
    notes: dict[str, list[str]] = json.loads(record.read_bytes())["notes"]
    return notes


def write_shard(
    folder: Path,
    layout: Layout,
    shard: int,
    blocks: Mapping[str, Array],
    notes: Mapping[str, Sequence[object]],
) -> None:
    """Write one shard of every array durably, then its commit record: always in this order.

    Args:
        folder: the building folder.
        layout: the store's layout.
        shard: which one.
        blocks: array name -> the shard's rows, batch first.
        notes: column -> one value per row, for the status table.

    Raises:
        ValueError: if a block is missing or too many, or a block or column does not have the
            shard's rows, shape and dtype.
    """
    span = layout.span(shard)
    if set(blocks) != set(layout.arrays):
        raise ValueError(f"blocks are {sorted(blocks)}, expected {sorted(layout.arrays)}")
    for name, spec in layout.arrays.items():
        if blocks[name].shape != (len(span), *spec.shape) or blocks[name].dtype != spec.dtype:
            raise ValueError(
                f"{name}: {blocks[name].dtype}{blocks[name].shape}, "
                f"expected {len(span)} rows of {spec}"
            )
    if any(len(column) != len(span) for column in notes.values()):
        raise ValueError(f"a note of shard {shard} does not have {len(span)} rows")
    files = {}
    for name, spec in layout.arrays.items():
        file, payload = (
            shard_file(name, spec, shard),
            pack_shard(blocks[name], layout.shard_rows, spec.codec),
        )
        atomic_write(folder / file, payload)
        files[file] = {"bytes": len(payload), "sha256": digest(payload)}
    columns = {name: [str(value) for value in column] for name, column in notes.items()}
    atomic_write(
        commit_record(folder, shard),
        canonical_json({"shard": shard, "files": files, "notes": columns}),
    )


def write_status(folder: Path, layout: Layout, rows: Iterable[Row]) -> None:
    """Write the status table: the input's rows with the shards' notes over them."""
    table = _with_notes(folder, layout, iter(rows))
    first = list(islice(table, 1))
    columns = list(first[0]) if first else ["id", "status"]
    write_table(folder / STATUS, columns, chain(first, table))


def _with_notes(folder: Path, layout: Layout, rows: Iterator[Row]) -> Iterator[Row]:
    for shard in range(layout.shards):
        notes = read_notes(folder, shard)
        assert notes is not None
        for index, row in enumerate(islice(rows, len(layout.span(shard)))):
            yield {**row, **{name: column[index] for name, column in notes.items()}}
