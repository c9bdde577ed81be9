"""Checkpoints: written atomically, checked by hash, and loaded without executing any pickle.

    last.ckpt    the newest state        prev.ckpt    the one before, while a run lasts
    best.ckpt    the best on the validation split

A file is the SHA-256 of the rest (32 bytes), then what torch.save wrote. Two names may be one file.
"""

import hashlib
import io
import logging
import os
import pickle
import uuid
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from errors import CorruptError, NoInputError
from store.files import ANOTHER_DISK, PARTIAL_SUFFIX, atomic_write, require_space, sync_folder

State = dict[str, Any]
LAST, PREV, BEST = "last.ckpt", "prev.ckpt", "best.ckpt"
_HASH_BYTES = 32
_MOST_AT_ONCE = 4
_LOG = logging.getLogger(__name__)


def save(path: Path, state: State) -> None:
    """Write tensors and plain values, atomically."""
    buffer = io.BytesIO()
    buffer.write(bytes(_HASH_BYTES))
    torch.save(state, buffer)
    with buffer.getbuffer() as content:
        content[:_HASH_BYTES] = hashlib.sha256(content[_HASH_BYTES:]).digest()
        atomic_write(path, content)


def load(path: Path) -> State:
    """Read a checkpoint back, all of its tensors on the CPU.

    A model or optimiser that loads them moves each to its own device. Loading them straight onto a
    GPU would hold every weight twice there, and move AdamW's step counts, which belong on the CPU.

    Raises:
        NoInputError: if it is not there.
        CorruptError: if its bytes are not those that were written, or hold more than tensors and
            plain values. Nothing in them is executed.
    """
    if not path.is_file():
        raise NoInputError(path, "there is no checkpoint. Train first: `dvc repro train`.")
    content = memoryview(path.read_bytes())
    payload = content[_HASH_BYTES:]
    if hashlib.sha256(payload).digest() != content[:_HASH_BYTES]:
        raise CorruptError(path, "the checkpoint is damaged. Delete the run and train again.")
    try:
        state: State = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, KeyError, EOFError) as error:
        raise CorruptError(
            path,
            "is not a checkpoint of AULens; nothing in it was executed. Delete it and train again.",
        ) from error
    return state


def save_latest(folder: Path, state: State, best: bool) -> None:
    """Save a state as last.ckpt; the one before becomes prev.ckpt, and perhaps this best.ckpt.

    A kill at any moment leaves a last state, and a best one at least as new as it records.
    """
    if (folder / LAST).exists():
        _link(folder / LAST, folder / PREV)
    if best:
        save(folder / BEST, state)
        _link(folder / BEST, folder / LAST)
    else:
        save(folder / LAST, state)


class AsyncCheckpointer:
    """Saves states in a thread: training waits for a copy to the CPU, not for the disk.

    A context manager; on exit the last state is on disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._writer = folder, ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None

    def __enter__(self) -> "AsyncCheckpointer":
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.shutdown()

    def save(self, state: State, best: bool) -> None:
        """Start to save a state; see `save_latest`.

        Raises:
            OSError: if the one before could not be written.
        """
        self.wait()
        self._pending = self._writer.submit(save_latest, self._folder, _cpu_copy(state), best)

    def wait(self) -> None:
        """Wait until the last state is on disk.

        Raises:
            OSError: if it could not be written.
        """
        if self._pending:
            self._pending.result()


def _cpu_copy(value: Any) -> Any:  # noqa: ANN401 - a tree of dicts, lists and whatever they hold
    """Copy a state to the CPU, so that the next step cannot change it."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, Mapping):
        return {key: _cpu_copy(one) for key, one in value.items()}
    return [_cpu_copy(one) for one in value] if isinstance(value, list) else value


def require_space_for_checkpoints(folder: Path, size: int) -> None:
    """Refuse to start a training whose checkpoints the disk cannot hold.

    Args:
        folder: of the run; the checkpoints that it has already are counted.
        size: bytes of a checkpoint. There are up to three, and one that is being written.

    Raises:
        StorageError: if less is free.
    """
    files = [(folder / name).stat() for name in (LAST, PREV, BEST) if (folder / name).exists()]
    present = sum({one.st_ino: one.st_size for one in files}.values())
    remedy = f"What was trained is safe. Free space for its checkpoints, {ANOTHER_DISK}"
    require_space(folder, (_MOST_AT_ONCE * size) - present, remedy)


def delete_checkpoints(folder: Path) -> None:
    """Delete all checkpoints, so that the run starts over."""
    for name in (LAST, PREV, BEST):
        (folder / name).unlink(missing_ok=True)


def load_latest(folder: Path) -> State | None:
    """Return the newest state that is intact; None if a run has none yet.

    A damaged last.ckpt is replaced by prev.ckpt, and a warning names both.

    Raises:
        CorruptError: if there are checkpoints, and none is intact.
    """
    last, prev = folder / LAST, folder / PREV
    if not last.exists() and not prev.exists():
        return None
    try:
        return load(last)
    except (CorruptError, NoInputError) as error:
        if not prev.exists():
            raise
        state = load(prev)
        _LOG.warning("%s. Resuming from %s, which is intact.", error, prev)
        _link(prev, last)
        return state


def require_same_shapes(
    path: Path, saved: Mapping[str, Tensor], wanted: Mapping[str, Tensor]
) -> None:
    """Check that saved weights fit a model, before they are loaded into it.

    Raises:
        CorruptError: naming the first weight that is missing, unknown, or of another shape.
    """
    for name in sorted({*saved, *wanted}):
        found = [tuple(one[name].shape) if name in one else "absent" for one in (saved, wanted)]
        if found[0] != found[1]:
            raise CorruptError(
                path,
                f"holds another model: {name} is {found[0]}, expected {found[1]}. "
                "Train again with --rebuild.",
            )


def _link(path: Path, name: Path) -> None:
    """Give a file a second name, atomically; a file that had this name before is removed."""
    temporary = name.with_name(f".{name.name}.{uuid.uuid4().hex}{PARTIAL_SUFFIX}")
    os.link(path, temporary)
    temporary.replace(name)
    sync_folder(name.parent)
