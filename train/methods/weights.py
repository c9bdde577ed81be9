"""Weights from a file: of a backbone, or the published checkpoints of a whole method.

A file is read only if its SHA-256 equals the one in params.yaml, and never as a pickle that runs
code. Accepted are safetensors and state dicts of

    a backbone       named as in torchvision, timm or face.evoLVe; its classifier is left alone,
                     unless it is the method's own head, as in published checkpoints of TS-CAM
    a whole method   {"encoder": ..., "classification_head": ...}, the checkpoints of Belharbi et
                     al., FG 2024, whose expressions are in our order. Names inside a head are not
                     published: its tensors are taken in their order, and shapes must agree.
"""

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from errors import CorruptError, DataError, NoInputError, UsageError, printable
from train.methods.base import Classifier
from train.methods.script_archive import (
    ScriptArchiveError,
    is_script_archive,
    read_script_tensors,
)
from train.params import TrainParams
from train.pretrained import NAMED_WEIGHTS

Tensors = dict[str, Tensor]
_WRAPPINGS = ("state_dict", "model")
_BLOCK = re.compile(r"^(layer\d)\.(\d+)\.")


def load_weights(model: Classifier, params: TrainParams) -> None:
    """Load `train.weights` if it is a path; the model has no training strategy fitted yet.

    Raises:
        NoInputError: if the file is not there.
        UsageError: if no SHA-256 is stated.
        CorruptError: if the file has another one.
        DataError: if its tensors are not those of this model.
    """
    if params.weights in NAMED_WEIGHTS:
        return
    path = Path(params.weights)
    found = read_weights(path, params.weights_sha256, "train.weights", NAMED_WEIGHTS)
    if "encoder" in found and "classification_head" in found:
        encoder, head = (_tensors(found[part]) for part in ("encoder", "classification_head"))
        _load_named(model.backbone.net, _renumber_blocks(encoder), path)
        _load_in_order(model.head, head, path)
    else:
        tensors = _tensors(unwrap_state_dict(found))
        _load_named(model.backbone.net, tensors, path)
        head = {name: value for name, value in tensors.items() if name.startswith("head.")}
        if _shapes(head) == _shapes(model.head.state_dict()):
            _load_in_order(model.head, head, path)


def read_weights(path: Path, sha256: str | None, key: str, words: Sequence[str]) -> dict[str, Any]:
    """Read a file of weights.

    Args:
        path: safetensors, a state dict, or a TorchScript archive, of which only the weights are
            taken.
        sha256: of the file, as stated in params.yaml.
        key: of params.yaml that names the file; the one with _sha256 behind it states its digest.
        words: that may stand there instead.

    Raises:
        NoInputError, UsageError, CorruptError: see `load_weights`.
        DataError: if it is no such file.
    """
    if not path.is_file():
        known = f"{', '.join(words)} or a path"
        raise NoInputError(
            path, f"is not there. Put it back, or train with another {key}: {known}."
        )
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if sha256 is None:
        raise UsageError(
            f"{key}_sha256",
            f"is not stated. {path.name} has SHA-256 {digest}; if you trust the file, state that.",
        )
    if digest != sha256:
        raise CorruptError(path, f"has SHA-256 {digest}, {key}_sha256 is {sha256}. Fetch it again.")
    try:
        loaded = _deserialize(content, path.suffix == ".safetensors")
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
            "is no safetensors file and no plain state dict. Nothing in it was executed.",
        ) from error
    if not isinstance(loaded, dict) or not all(isinstance(name, str) for name in loaded):
        raise DataError(path, "holds no state dict.")
    return loaded


def _deserialize(content: bytes, as_safetensors: bool) -> Any:  # noqa: ANN401 - whatever is in it
    if as_safetensors:
        return dict(safetensors.torch.load(content))
    if is_script_archive(content):
        return read_script_tensors(content)
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def unwrap_state_dict(content: Mapping[str, Any]) -> dict[str, Any]:
    """Take a state dict out of what training loops put around it."""
    for wrapping in _WRAPPINGS:
        if isinstance(content.get(wrapping), dict):
            content = content[wrapping]
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def _tensors(found: object) -> Tensors:
    """Keep the tensors of what a file holds under a name; an epoch's number may lie beside them."""
    held = found if isinstance(found, Mapping) else {}
    return {str(name): value for name, value in held.items() if isinstance(value, Tensor)}


def _renumber_blocks(encoder: Mapping[str, Tensor]) -> Tensors:
    """Count blocks that have weights: the published ADL counts its drop layers among them."""
    present: dict[str, set[int]] = {}
    for name in encoder:
        if block := _BLOCK.match(name):
            present.setdefault(block[1], set()).add(int(block[2]))

    def renumbered(block: re.Match[str]) -> str:
        return f"{block[1]}.{sorted(present[block[1]]).index(int(block[2]))}."

    return {_BLOCK.sub(renumbered, name): value for name, value in encoder.items()}


def _load_named(net: nn.Module, tensors: Tensors, path: Path) -> None:
    """Load a tensor for every name of the network; further tensors belong to a classifier."""
    own = net.state_dict()
    missing = [name for name in own if name not in tensors]
    if missing:
        raise DataError(path, f"has no {missing[0]} ({len(missing)} of {len(own)} are missing).")
    _refuse_shapes(own, {name: tensors[name] for name in own}, path)
    net.load_state_dict({name: tensors[name] for name in own})


def _load_in_order(head: nn.Module, tensors: Tensors, path: Path) -> None:
    own = head.state_dict()
    if len(own) != len(tensors):
        raise DataError(path, f"its head has {len(tensors)} tensors, this one has {len(own)}.")
    renamed = dict(zip(own, tensors.values(), strict=True))
    _refuse_shapes(own, renamed, path)
    head.load_state_dict(renamed)


def _shapes(tensors: Mapping[str, Tensor]) -> list[torch.Size]:
    return [value.shape for value in tensors.values()]


def _refuse_shapes(own: Tensors, tensors: Tensors, path: Path) -> None:
    for name, value in own.items():
        if value.shape != tensors[name].shape:
            raise DataError(
                path,
                f"{name} is {tuple(tensors[name].shape)} there and {tuple(value.shape)} here. "
                "Are train.backbone, its sizes and the method those it was made for?",
            )
