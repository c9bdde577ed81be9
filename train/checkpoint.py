"""Checkpoints: whole or absent, checked before they are parsed, and never a pickle that runs code.

A file is the SHA-256 of the rest (32 bytes), then what torch.save wrote.
"""

import hashlib
import io
from pathlib import Path
from typing import Any

import torch

from errors import CorruptError, NoInputError
from store.files import atomic_write

State = dict[str, Any]
_HASH_BYTES = 32


def save(path: Path, state: State) -> None:
    """Write tensors and plain values, atomically."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    atomic_write(path, hashlib.sha256(payload).digest() + payload)


def load(path: Path, device: torch.device) -> State:
    """Read a checkpoint back.

    Raises:
        NoInputError: if it is not there.
        CorruptError: if its bytes are not those that were written.
    """
    if not path.is_file():
        raise NoInputError(path, "there is no checkpoint. Train first: `dvc repro train`.")
    content = path.read_bytes()
    payload = content[_HASH_BYTES:]
    if hashlib.sha256(payload).digest() != content[:_HASH_BYTES]:
        raise CorruptError(path, "the checkpoint is damaged. Delete the run and train again.")
    state: State = torch.load(io.BytesIO(payload), map_location=device, weights_only=True)
    return state
