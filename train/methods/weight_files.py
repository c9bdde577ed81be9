"""Files of weights: read without running code, and freed of what training loops put around them.

Accepted are safetensors, state dicts that torch saved, TorchScript archives, of which only the
tensors are taken, and pickles that hold NumPy arrays by name and nothing else.
"""

import hashlib
import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from errors import CorruptError, DataError, NoInputError, UsageError, printable
from train.methods.array_pickles import read_array_pickle
from train.methods.script_archive import (
    ScriptArchiveError,
    is_script_archive,
    read_script_tensors,
)

Tensors = dict[str, Tensor]
WRAPPINGS = ("state_dict", "model", "model_state_dict", "net", "module", "ema")
"""Keys under which training loops put a state dict, the likeliest first."""

_ADDED_PREFIXES = ("module.", "_orig_mod.")
"""Put before names by DataParallel and by torch.compile; no network has a part of these names."""

_PARTS = ("model.", "net.", "backbone.")
"""Names of a network within a larger module; taken off where every weight has it."""

_COUNTER = "num_batches_tracked"
_AVERAGED = "n_averaged"
_SHOWN = 6
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WeightFile:
    """What a file holds.

    Attributes:
        path: where it is.
        sha256: of its bytes.
        content: name -> tensor, nested state dict or plain value.
    """

    path: Path
    sha256: str
    content: dict[str, Any]


def read_weights(path: Path, sha256: str | None, key: str, words: Sequence[str]) -> dict[str, Any]:
    """Read a file of weights whose digest params.yaml states.

    Args:
        path: see the module.
        sha256: of the file, as stated in params.yaml.
        key: of params.yaml that names the file; the one with _sha256 behind it states its digest.
        words: that may stand there instead.

    Raises:
        NoInputError: if the file is not there.
        UsageError: if no SHA-256 is stated.
        CorruptError: if the file has another one.
        DataError: if it is no such file.
    """
    if not path.is_file():
        known = f"{', '.join(words)} or a path"
        raise NoInputError(
            path, f"is not there. Put it back, or train with another {key}: {known}."
        )
    payload = path.read_bytes()
    digest = hashlib.sha256(payload).hexdigest()
    if sha256 is None:
        raise UsageError(
            f"{key}_sha256",
            f"is not stated. {path.name} has SHA-256 {digest}; if you trust the file, state that.",
        )
    if digest != sha256:
        raise CorruptError(path, f"has SHA-256 {digest}, {key}_sha256 is {sha256}. Fetch it again.")
    return _parse(path, payload)


def read_weight_file(path: Path) -> WeightFile:
    """Read a file of weights whatever its digest, which is returned to be kept.

    Raises:
        NoInputError: if it is not there.
        DataError: if it is no such file.
    """
    if not path.is_file():
        raise NoInputError(path, "is not there. Name a file of weights.")
    payload = path.read_bytes()
    return WeightFile(path, hashlib.sha256(payload).hexdigest(), _parse(path, payload))


def _parse(path: Path, payload: bytes) -> dict[str, Any]:
    try:
        loaded = _deserialize(payload, path.suffix == ".safetensors")
    except ScriptArchiveError as error:
        raise DataError(
            path,
            f"is a TorchScript archive that holds more than tensors: {printable(str(error))}. "
            "Nothing in it was executed. Where you trust it, save its state dict with "
            "torch.save(torch.jit.load(FILE).state_dict(), OTHER), and name that file.",
        ) from error
    except Exception as error:  # damage makes these readers raise anything
        raise DataError(
            path,
            "is no safetensors file and no plain state dict. Nothing in it was executed. If it "
            "holds a whole model, save torch's state_dict() of it, and name that file.",
        ) from error
    if not isinstance(loaded, dict) or not all(isinstance(name, str) for name in loaded):
        raise DataError(path, "holds no state dict: names of weights, and their tensors.")
    return loaded


def _deserialize(payload: bytes, as_safetensors: bool) -> Any:  # noqa: ANN401 - whatever is in it
    if as_safetensors:
        return dict(safetensors.torch.load(payload))
    if is_script_archive(payload):
        return read_script_tensors(payload)
    try:
        return read_array_pickle(payload)
    except ValueError:
        with torch.serialization.safe_globals(_numpy_scalars()):
            return torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)


def _numpy_scalars() -> list[Any]:
    """Return what a pickled NumPy number is made of: a best accuracy often lies beside weights."""
    make = np.float64(0).__reduce__()[0]
    named = [(make, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")]
    kinds = {type(np.dtype(kind)) for kind in "?bhilqBHILQefd"}
    return [*named, np.dtype, *kinds]


def unwrap_state_dict(content: Mapping[str, Any], where: Path | None = None) -> dict[str, Any]:
    """Take a state dict out of what training loops put around it.

    Args:
        content: of a file.
        where: the file, to warn which of several state dicts was taken; None to stay silent.
    """
    while wrapped := [name for name in WRAPPINGS if isinstance(content.get(name), Mapping)]:
        if where and len(wrapped) > 1:
            _LOG.warning("%s: holds %s; took %s.", where, " and ".join(wrapped), wrapped[0])
        content = content[wrapped[0]]
    named = {_without_added(str(name)): value for name, value in content.items()}
    weights = [name for name, value in named.items() if isinstance(value, Tensor)]
    for part in _PARTS:
        if weights and all(name.startswith(part) for name in weights):
            return {name.removeprefix(part): value for name, value in named.items()}
    return named


def _without_added(name: str) -> str:
    while prefix := next((one for one in _ADDED_PREFIXES if name.startswith(one)), None):
        name = name.removeprefix(prefix)
    return name


def tensors_of(found: object) -> Tensors:
    """Keep the tensors of what a file holds under a name; an epoch's number may lie beside them."""
    held = found if isinstance(found, Mapping) else {}
    return {
        str(name): value
        for name, value in held.items()
        if isinstance(value, Tensor) and name != _AVERAGED
    }


def match_names(own: Mapping[str, Tensor], given: Mapping[str, Tensor], where: Path) -> Tensors:
    """Return a tensor of the file for every name of a network.

    Files from before BatchNorm counted its batches (2018) have no counters: these are 0.

    Args:
        own: state dict of the network.
        given: tensors of the file, named as in the network; there may be more.
        where: the file, for messages.

    Raises:
        DataError: if a name is missing or a shape differs; the first of them are listed.
    """
    counters = {name: torch.zeros_like(own[name]) for name in own if name.endswith(_COUNTER)}
    missing = [name for name in own if name not in given and name not in counters]
    if missing:
        unused = [name for name in given if name not in own]
        hint = f" The file has instead: {listed(unused)}." if unused else ""
        raise DataError(
            where, f"has no {listed(missing)} ({len(missing)} of {len(own)} are missing).{hint}"
        )
    for name, value in own.items():
        if name in given and value.shape != given[name].shape:
            raise DataError(
                where,
                f"{name} is {tuple(given[name].shape)} there and {tuple(value.shape)} here. "
                "Are train.backbone, its sizes and the method those it was made for?",
            )
    return {name: given.get(name, counters.get(name, own[name])) for name in own}


def warn_of_unused(own: Mapping[str, Tensor], given: Mapping[str, Tensor], where: Path) -> None:
    """Name the tensors of a file that a network has no use for, such as its classifier."""
    unused = [f"{name} {tuple(value.shape)}" for name, value in given.items() if name not in own]
    if unused:
        _LOG.warning("%s: not used: %s.", where, listed(unused))


def listed(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many follow."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(printable(name) for name in names[:_SHOWN]) + more
