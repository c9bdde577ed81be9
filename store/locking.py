"""Locks a folder that a process works in; the system drops the lock when the process dies."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from errors import TryLaterError
from store.files import atomic_write, canonical_json, read_ordinary

LOCK_OWNER = ".holder.json"
"""File in the folder that names the process that locked it last; never published."""


@contextmanager
def locked(folder: Path, out: Path) -> Iterator[None]:
    """Make a folder, if it is not there, and hold its lock during the block.

    Args:
        folder: where something is built.
        out: the output it will become, for the message.

    Raises:
        TryLaterError: if another run works there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with try_lock(folder) as is_mine:
        if not is_mine:
            owner = lock_owner(folder)
            raise TryLaterError(
                out,
                f"another run is building it ({owner}). Wait for it or stop it."
                if owner
                else "another run has just finished it. Run again to use it.",
            )
        now = datetime.now(UTC).isoformat(timespec="seconds")
        me = {"pid": os.getpid(), "host": socket.gethostname(), "since": now}
        atomic_write(folder / LOCK_OWNER, canonical_json(me))
        yield


@contextmanager
def try_lock(folder: Path, kind: int = fcntl.LOCK_EX) -> Iterator[bool]:
    """Hold a folder's lock during the block if it is free; yield whether it is held.

    It is not if another process has it, or if the folder is gone or was published meanwhile.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        descriptor = None
    try:
        yield descriptor is not None and _lock(descriptor, folder, kind)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def lock_owner(folder: Path) -> str | None:
    """Say which process works in a folder now; None if none does."""
    with try_lock(folder, fcntl.LOCK_SH) as is_free:
        if is_free or not folder.exists():
            return None
        try:
            owner = json.loads(read_ordinary(folder / LOCK_OWNER))
        except (OSError, ValueError):
            owner = None
        if not isinstance(owner, dict):
            return "a process that has not written its name"
        return "process {} on {} since {}".format(*map(owner.get, ("pid", "host", "since")))


def _lock(descriptor: int, folder: Path, kind: int) -> bool:
    """Take the lock, unless somebody has it or the folder at this path is another one now."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
