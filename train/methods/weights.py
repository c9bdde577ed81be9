"""Loads `train.weights` into a network: of a backbone, or of a whole method."""

from pathlib import Path

from torch import nn

from errors import DataError
from train.methods.base import Classifier
from train.methods.weight_files import (
    Tensors,
    listed,
    match_names,
    read_weights,
    tensors_of,
    unwrap_state_dict,
    warn_of_unused,
)
from train.methods.weight_names import name_weights
from train.options import Options
from train.params import TrainParams
from train.pretrained import NAMED_WEIGHTS, names_a_run

_NONE = "none"
_NOT_OF_A_TRANSFORMER = ("project.", "linear.")
"""Parts of APViT's head that a vision transformer does not have."""


def load_weights(model: Classifier, params: TrainParams, head: str) -> None:
    """Load `train.weights` if it is a file; the model has no training strategy fitted yet.

    A file that says what its head is loads the head, too, and added heads that it has. Any other
    classifier is left out, with a warning that names it: in which order it counts expressions is
    not known.

    Args:
        model: to load into.
        params: which file, and its digest.
        head: row of HEADS.

    Raises:
        NoInputError, UsageError, CorruptError: see weight_files.read_weights.
        DataError: if its tensors are not those of this model.
    """
    if params.weights in NAMED_WEIGHTS or names_a_run(params.weights):
        return
    path = Path(params.weights)
    found = read_weights(path, params.weights_sha256, "train.weights", NAMED_WEIGHTS)
    named = name_weights(found, head, path)
    load_backbone(model.backbone.net, named.backbone, path)
    if named.is_whole:
        load_head(model.head, named.head, path)
        if model.added and named.added:
            load_head(model.added, named.added, path)
        else:
            warn_of_unused({}, named.added, path)
    else:
        warn_of_unused(model.backbone.net.state_dict(), named.backbone, path)


def load_head_start(head: nn.Module, options: Options) -> None:
    """Load `head.weights`, a vision transformer's, into a head that has its blocks.

    What no such network has, the projection before and the classifier after the blocks, stays
    random.

    Args:
        head: to load into.
        options: of the head; nothing is done if they name no file.

    Raises:
        NoInputError, UsageError, CorruptError: see weight_files.read_weights.
        DataError: if it is another network.
    """
    named = options.get("weights", _NONE)
    if named == _NONE:
        return
    path, digest = Path(str(named)), options.get("weights_sha256")
    found = read_weights(path, None if digest is None else str(digest), "head.weights", (_NONE,))
    given = tensors_of(unwrap_state_dict(found, path))
    own = {
        name: value
        for name, value in head.state_dict().items()
        if not name.startswith(_NOT_OF_A_TRANSFORMER)
    }
    head.load_state_dict(match_names(own, given, path), strict=False)
    warn_of_unused(own, given, path)


def load_backbone(net: nn.Module, tensors: Tensors, path: Path) -> None:
    """Load a tensor for every name of a network; further tensors belong to a classifier.

    Raises:
        DataError: if a name is missing, or a shape differs.
    """
    net.load_state_dict(match_names(net.state_dict(), tensors, path))


def load_head(head: nn.Module, tensors: Tensors, path: Path) -> None:
    """Load a head, whose names must be exactly those of the file.

    Raises:
        DataError: if a name is missing or unknown, or a shape differs.
    """
    own = head.state_dict()
    unknown = [name for name in tensors if name not in own]
    if unknown:
        raise DataError(
            path, f"its head has {listed(unknown)}, which the head of this method has not."
        )
    head.load_state_dict(match_names(own, tensors, path))
