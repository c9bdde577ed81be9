"""Writes files atomically (whole or not at all), reads them strictly, and computes digests."""

import errno
import hashlib
import io
import json
import os
import shutil
import stat
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import StorageError

PARTIAL_SUFFIX = ".partial"
"""Suffix of files that a killed build leaves; none of them is published."""

DISK_FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT)
"""Error numbers of a full disk."""

ANOTHER_DISK = (
    "or move the checkout to a larger disk (docs/troubleshooting.md: a disk that is full)."
)
"""What helps when outputs do not fit."""

_READ_BYTES = 1 << 20


def atomic_write(path: Path, payload: bytes | memoryview, mode: int | None = None) -> None:
    """Write a file so that, whatever happens, `path` is the old file or the whole new one, durably.

    Args:
        path: the file; a link is replaced, not followed.
        payload: its content.
        mode: its permissions; None: as the system makes new files.

    Raises:
        OSError: as the system says; the temporary file is removed.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}{PARTIAL_SUFFIX}")
    try:
        with temporary.open("xb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        _add_details(error, path, len(payload))
        raise
    sync_folder(path.parent)


def _add_details(error: BaseException, path: Path, size: int) -> None:
    """Add to an error the file's name and how full the disk is, which the system leaves out."""
    if not isinstance(error, OSError):
        return
    error.filename = str(path)
    if error.errno in DISK_FULL_ERRORS:
        disk = os.statvfs(path.parent)
        free = f"{disk.f_bavail * disk.f_frsize:,} bytes and {disk.f_favail:,} files are free"
        error.add_note(f"It needs {size:,} bytes; {free}.")


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays, compressed and atomically; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    atomic_write(path, buffer.getvalue())


def read_ordinary(path: Path, most_bytes: int = -1) -> bytes:
    """Read a file; a pipe in its place would block for ever.

    Args:
        path: of the file.
        most_bytes: read only its beginning; -1: all of it.

    Raises:
        OSError: if it is not there, cannot be read, or is a folder, pipe or device.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "is no ordinary file", str(path))
        return file.read(most_bytes)


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def canonical_json(value: Mapping[str, Any]) -> bytes:
    """Return JSON whose bytes depend on the value alone."""
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def digest(payload: bytes | memoryview) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(payload).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_READ_BYTES):
            hashed.update(piece)
    return hashed.hexdigest()


def free_bytes(path: Path) -> int:
    """Return the free space where `path` is or will be."""
    there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return shutil.disk_usage(there).free


def folder_bytes(folder: Path) -> int:
    """Return what the files in a folder hold; those that cannot be seen count nothing."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:  # gone meanwhile, or locked
            continue
    return total


def require_space(out: Path, need: int, remedy: str) -> None:
    """Refuse to start what the disk cannot hold.

    Args:
        out: what is to be written; need not be there.
        need: bytes.
        remedy: what to do, as sentences.

    Raises:
        StorageError: if less is free.
    """
    free = free_bytes(out)
    if need > free:
        raise StorageError(
            out,
            f"needs {in_words(need)}, {in_words(free)} are free. Nothing was started. {remedy}",
        )


def in_words(count: int) -> str:
    """Write a number of bytes in the unit that shows it: 900 bytes, 35.0 MB, 56.2 GB."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"
