"""Tool `export`: writes a store as one compressed HDF5 file, for archives and other programs.

    /<array>           as in the store, gzip, with one checksum per chunk; its attributes say what
                       the numbers are: what, unit, order, frame, scale
    /status/<column>   the status table, UTF-8; attribute `column` is the column's own name
    attributes         stage, digest, metadata and fingerprint, the last two as JSON

Column names that HDF5 cannot hold are escaped: a/b is a%2Fb, . is %2E, a column without a name is
just %.

HDF5 can take its process down with it when the disk is full, so a child process writes.
"""

import io
import json
import os
import sys
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from math import prod
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from errors import NoPermissionError, OutputExistsError, StorageError, printable
from store.building import read_fingerprint
from store.files import atomic_write, require_space, sync_folder
from store.reading import MappedArray, Store

_CHUNK_BYTES = 1 << 16
_GZIP = {"compression": "gzip", "compression_opts": 4, "shuffle": True, "fletcher32": True}
_STATUS = "status"


def export(path: Path, out: Path) -> int:
    """Write a store as one HDF5 file.

    Args:
        path: the store.
        out: the file; must not be there.

    Returns:
        Its size in bytes.

    Raises:
        OutputExistsError: if something is there already.
        StorageError: if the disk has not the space, or fails.
        NoPermissionError: if nothing may be written there.
        NoInputError, CorruptError: see store.reading.
    """
    if out.exists():
        raise OutputExistsError(
            out, "is there already. It is untouched. Move it away or name another."
        )
    layout = Store(path).layout
    out.parent.mkdir(parents=True, exist_ok=True)
    require_space(out, layout.bytes, "Free space or name another place.")
    temporary = out.with_name(f".{out.name}.{uuid.uuid4().hex}.partial")
    try:
        _write_in_child(path, temporary, out)
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(out.parent)
    return out.stat().st_size


def _write_in_child(path: Path, temporary: Path, out: Path) -> None:
    try:
        with ProcessPoolExecutor(1, get_context("spawn"), _silence_exception_hooks) as pool:
            pool.submit(write_file, path, temporary).result()
    except PermissionError as error:
        raise NoPermissionError(
            error.filename or out.parent,
            "no right to write there. Nothing was written, the store is untouched. "
            "Change the permissions or name another place.",
        ) from error
    except (BrokenProcessPool, OSError, RuntimeError) as error:
        raise StorageError(
            out,
            f"could not be written ({_reason(error)}). The store is untouched, "
            "nothing is left behind. Is the disk full? Free space and run again.",
        ) from error


def _silence_exception_hooks() -> None:
    """Keep HDF5 quiet at exit: after an error it complains again that its file cannot be closed."""
    sys.excepthook = _ignore
    sys.unraisablehook = _ignore


def _ignore(*_: object) -> None:
    pass


def _reason(error: Exception) -> str:
    if isinstance(error, BrokenProcessPool):
        return "the writer died"
    return getattr(error, "strerror", None) or str(error).split("\n")[0]


def write_file(path: Path, temporary: Path) -> None:
    """Write the file and make it durable: what the child process does."""
    store = Store(path)
    fingerprint = read_fingerprint(path)
    with h5py.File(temporary, "x") as file:
        file.attrs["stage"] = str(fingerprint.get("stage", ""))
        file.attrs["digest"] = store.digest
        file.attrs["metadata"] = json.dumps(store.metadata, sort_keys=True)
        file.attrs["fingerprint"] = json.dumps(fingerprint, sort_keys=True)
        for name in store.layout.arrays:
            dataset = _copy(file, name, store.array(name), store.layout.shard_rows)
            dataset.attrs.update(store.layout.arrays[name].attributes)
        table = store.table()
        status = file.create_group(_STATUS)
        for column in table.columns:
            _write_text(status, column, table[column].to_list())
    descriptor = os.open(temporary, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_hdf5(
    path: Path,
    arrays: Mapping[str, NDArray[Any]],
    texts: Mapping[str, Sequence[str]],
    attributes: Mapping[str, Mapping[str, str | float]],
) -> None:
    """Write arrays and columns of text as one HDF5 file, atomically; all is made in memory first.

    So HDF5 never meets a full disk; for what does not fit into memory there is `export`.

    Args:
        path: the file.
        arrays: name -> values, batch first.
        texts: column -> one value per row.
        attributes: array -> what its numbers are.
    """
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, array in arrays.items():
            size = max(1, array[:1].nbytes)
            chunk_rows = max(1, min(len(array), _CHUNK_BYTES // size))
            chunks = (chunk_rows, *array.shape[1:])
            dataset = file.create_dataset(name, data=array, chunks=chunks, **_GZIP)
            dataset.attrs.update(attributes[name])
        for name, column in texts.items():
            _write_text(file, name, column)
    atomic_write(path, buffer.getvalue())


def _copy(file: h5py.File, name: str, array: MappedArray, step: int) -> h5py.Dataset:
    """Write one array, one shard at a time."""
    rows, *shape = array.shape
    size = prod(shape) * np.dtype(array.dtype).itemsize
    chunk_rows = min(rows, max(1, _CHUNK_BYTES // size))
    dataset = file.create_dataset(
        name, array.shape, array.dtype, chunks=(chunk_rows, *shape), **_GZIP
    )
    for start in range(0, rows, step):
        span = np.arange(start, min(start + step, rows))
        dataset[start : start + len(span)] = array.take(span)
    return dataset


def _write_text(group: h5py.Group, column: str, values: Sequence[str]) -> None:
    """Write one column as UTF-8 of a fixed length, which compresses."""
    encoded = [value.encode() for value in values]
    kind = h5py.string_dtype("utf-8", max(1, *map(len, encoded)))
    dataset = group.create_dataset(
        _link_name(column), data=np.array(encoded, kind), chunks=True, **_GZIP
    )
    dataset.attrs["column"] = printable(column)


def _link_name(column: str) -> str:
    """Return a column's name as HDF5 can hold it; no two columns share one.

    HDF5 takes '/' for a folder, '.' for the group itself, and ends a name at a zero byte.
    """
    if column == ".":
        return "%2E"
    for char in "%/\0":
        column = column.replace(char, f"%{ord(char):02X}")
    return column or "%"
