"""Checkpoints: whole or absent, checked before they are parsed, and never a pickle that runs code.

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
from store.files import PARTIAL_SUFFIX, atomic_write, sync_folder

State = dict[str, Any]
LAST, PREV, BEST = "last.ckpt", "prev.ckpt", "best.ckpt"
_HASH_BYTES = 32
_LOG = logging.getLogger(__name__)


def save(path: Path, state: State) -> None:
    """Write tensors and plain values, atomically."""
    buffer = io.BytesIO()
    buffer.write(bytes(_HASH_BYTES))
    torch.save(state, buffer)
    with buffer.getbuffer() as content:
        content[:_HASH_BYTES] = hashlib.sha256(content[_HASH_BYTES:]).digest()
        atomic_write(path, content)


def load(path: Path, device: torch.device) -> State:
    """Read a checkpoint back.

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
        state: State = torch.load(io.BytesIO(payload), map_location=device, weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, KeyError, EOFError) as error:
        raise CorruptError(
            path, "is no checkpoint of AULens; nothing in it was run. Delete it and train again."
        ) from error
    return state


def keep(folder: Path, state: State, best: bool) -> None:
    """Make a state the last one, the last one the previous one, and perhaps the best one.

    At any moment a kill leaves a last state, and a best one that is at least as new as it says.
    """
    if (folder / LAST).exists():
        _link(folder / LAST, folder / PREV)
    if best:
        save(folder / BEST, state)
        _link(folder / BEST, folder / LAST)
    else:
        save(folder / LAST, state)


class Keeper:
    """Keeps states while training goes on, which waits for a copy of each, not for the disk.

    A context manager: it is left when the last state is on disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._writer = folder, ThreadPoolExecutor(1)
        self._written: Future[None] | None = None

    def __enter__(self) -> "Keeper":
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.shutdown()

    def keep(self, state: State, best: bool) -> None:
        """Begin to keep a state; see `keep`.

        Raises:
            OSError: if the one before could not be written.
        """
        self.wait()
        self._written = self._writer.submit(keep, self._folder, _copied(state), best)

    def wait(self) -> None:
        """Go on when the last state is on disk.

        Raises:
            OSError: if it could not be written.
        """
        if self._written:
            self._written.result()


def _copied(value: Any) -> Any:  # noqa: ANN401 - a tree of dicts, lists and whatever they hold
    """Return a state that the next step leaves alone."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, Mapping):
        return {key: _copied(one) for key, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value


def forget(folder: Path) -> None:
    """Let a run start over."""
    for name in (LAST, PREV, BEST):
        (folder / name).unlink(missing_ok=True)


def latest(folder: Path, device: torch.device) -> State | None:
    """Return the newest state that is whole; None if a run has none yet.

    A damaged last one is replaced by the previous one, and a warning names both.

    Raises:
        CorruptError: if there are states, and none is whole.
    """
    last, prev = folder / LAST, folder / PREV
    if not last.exists() and not prev.exists():
        return None
    try:
        return load(last, device)
    except (CorruptError, NoInputError) as error:
        if not prev.exists():
            raise
        state = load(prev, device)
        _LOG.warning("%s. Going on from %s, which is whole.", error, prev)
        _link(prev, last)
        return state


def fits(path: Path, saved: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Check that saved weights are those of a model, before they are put into it.

    Raises:
        CorruptError: naming the first that is missing, foreign, or of another shape.
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
    """Give a file a second name, atomically; what had it before goes."""
    temporary = name.with_name(f".{name.name}.{uuid.uuid4().hex}{PARTIAL_SUFFIX}")
    os.link(path, temporary)
    temporary.replace(name)
    sync_folder(name.parent)
