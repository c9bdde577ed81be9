"""Names of weights elsewhere, and what AULens calls them.

    a whole method   {"encoder": ..., "classification_head": ...}: the checkpoints of Belharbi et
                     al., FG 2024; of TS-CAM and APViT a plain state dict of all
    a network        named as in timm or torchvision, see torchvision_names (ResNet and VGG have
                     the same names in both), or in face.evoLVe; its classifier goes by one of a
                     few usual names
    AULens's own     what export-model writes

Expressions are those of the published checkpoints, in their order, which is ours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from labels.reading import PUBLISHED, read_labels
from train.methods.torchvision_names import timm_names
from train.methods.weight_files import Tensors, tensors_of, unwrap_state_dict

PUBLISHED_HEADS: dict[str, Mapping[str, str]] = {
    "gap": {"fc.": "linear."},
    "wildcat": {"to_modalities.": "modalities."},
    "prm": {"conv.": "classifier."},
    "acol": {"acol_pooler.classifier_A.": "first.", "acol_pooler.classifier_B.": "second."},
}
"""Row of HEADS -> how the published code's names begin -> how ours do."""

USUAL_HEADS: dict[str, Mapping[str, str]] = {
    "gap": dict.fromkeys(
        ("fc.", "classifier.", "head.fc.", "head.", "last_linear.", "linear."), "linear."
    ),
    "ts_cam": {"head.": "classifier."},
    "fully_connected": {
        "classifier.0.": "layers.2.",
        "classifier.3.": "layers.5.",
        "classifier.6.": "layers.8.",
    },
}
"""Row of HEADS -> how names of a classifier begin in timm and torchvision -> how ours do."""

_BLOCK = re.compile(r"^(layer\d)\.(\d+)\.")
_NESTED_UNIT = re.compile(r"^body\.(\d+)\.(\d+)\.")
_OWN_BACKBONE, _OWN_HEAD, _OWN_ADDED = "backbone.net.", "head.", "added."
_EXTRACTOR, _VIT = "extractor.", "vit."
_APVIT_HEAD = {
    "vit.projs.0.": "project.",
    "vit.cls_token": "cls_token",
    "vit.blocks.": "blocks.",
    "vit.norm.": "norm.",
    "classification_head.fc.": "linear.",
}
_APVIT_POSITIONS = ("vit.cls_pos_embed", "vit.patch_pos_embed")


@dataclass(frozen=True, slots=True)
class NamedWeights:
    """Weights of a file, by our names.

    Attributes:
        backbone: may hold more than the backbone has.
        head: what belongs to the method's head, complete or not.
        is_whole: whether the file says what is backbone and what is head.
        classifier: names in the file of what is in `head`, where it does not say.
        added: what belongs to added heads; only in files of AULens's own.
    """

    backbone: Tensors
    head: Tensors
    is_whole: bool
    classifier: frozenset[str] = frozenset()
    added: Tensors = field(default_factory=dict)


def name_weights(content: Mapping[str, Any], head: str, where: Path) -> NamedWeights:
    """Give the weights of a file our names.

    Args:
        content: of the file.
        head: row of HEADS.
        where: the file, for messages.

    Raises:
        DataError: if its names are those of another library and are not known.
    """
    if "encoder" in content and "classification_head" in content:
        theirs = tensors_of(content["classification_head"])
        return NamedWeights(
            _count_weighted_blocks(tensors_of(content["encoder"])),
            _renamed(theirs, PUBLISHED_HEADS.get(head, {})),
            is_whole=True,
        )
    tensors = tensors_of(unwrap_state_dict(content, where))
    if all(name in tensors for name in _APVIT_POSITIONS):
        return _apvit(tensors)
    if any(name.startswith(_OWN_BACKBONE) for name in tensors):
        parts = (_within(tensors, one) for one in (_OWN_BACKBONE, _OWN_HEAD, _OWN_ADDED))
        backbone, own_head, added = parts
        return NamedWeights(backbone, own_head, is_whole=True, added=added)
    named = _flat_body(timm_names(tensors, where))
    renamed = _classifier(named, USUAL_HEADS.get(head, {}))
    return NamedWeights(
        named,
        {ours: named[theirs] for theirs, ours in renamed.items()},
        head == "ts_cam" and _is_published_ts_cam(named),
        frozenset(renamed),
    )


def _classifier(tensors: Mapping[str, Tensor], beginnings: Mapping[str, str]) -> dict[str, str]:
    """Return names of a classifier's weights -> ours; none if there are two classifiers."""
    found = {
        name: ours + name.removeprefix(theirs)
        for name in tensors
        for theirs, ours in beginnings.items()
        if name in (f"{theirs}weight", f"{theirs}bias")
    }
    return found if len(set(found.values())) == len(found) else {}


def _is_published_ts_cam(tensors: Mapping[str, Tensor]) -> bool:
    """Say whether the classifier is TS-CAM's convolution, with as many classes as published."""
    shape = tensors["head.weight"].shape if "head.weight" in tensors else ()
    return len(shape) == 4 and shape[0] == len(read_labels(PUBLISHED))


def _apvit(tensors: Mapping[str, Tensor]) -> NamedWeights:
    """Name a published APViT: it counts units stage by stage, and the class token's position apart.

    Source: the published code of Belharbi et al. and of Xue et al.
    """
    head = _known(tensors, _APVIT_HEAD)
    head["pos_embed"] = torch.cat([tensors[name] for name in _APVIT_POSITIONS], dim=1)
    return NamedWeights(_flat_body(_within(tensors, _EXTRACTOR)), head, is_whole=True)


def _within(tensors: Mapping[str, Tensor], prefix: str) -> Tensors:
    """Keep names that begin so, without their beginning."""
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _renamed(tensors: Mapping[str, Tensor], beginnings: Mapping[str, str]) -> Tensors:
    """Change how names begin; a name that begins otherwise stays."""

    def ours(name: str) -> str:
        theirs = next((one for one in beginnings if name.startswith(one)), None)
        return name if theirs is None else beginnings[theirs] + name.removeprefix(theirs)

    return {ours(name): value for name, value in tensors.items()}


def _known(tensors: Mapping[str, Tensor], beginnings: Mapping[str, str]) -> Tensors:
    """Keep the names that begin as listed, renamed."""
    return _renamed(
        {name: value for name, value in tensors.items() if name.startswith(tuple(beginnings))},
        beginnings,
    )


def _count_weighted_blocks(encoder: Mapping[str, Tensor]) -> Tensors:
    """Count blocks that have weights: the published ADL counts its drop layers among them."""
    present: dict[str, set[int]] = {}
    for name in encoder:
        if block := _BLOCK.match(name):
            present.setdefault(block[1], set()).add(int(block[2]))

    def renumbered(block: re.Match[str]) -> str:
        return f"{block[1]}.{sorted(present[block[1]]).index(int(block[2]))}."

    return {_BLOCK.sub(renumbered, name): value for name, value in encoder.items()}


def _flat_body(tensors: Mapping[str, Tensor]) -> Tensors:
    """Count the units of IR without stages, as face.evoLVe does; APViT counts them per stage."""
    units: dict[int, int] = {}
    for name in tensors:
        if unit := _NESTED_UNIT.match(name):
            units[int(unit[1])] = max(units.get(int(unit[1]), 0), int(unit[2]) + 1)

    def counted(unit: re.Match[str]) -> str:
        stage = int(unit[1])
        before = sum(count for earlier, count in units.items() if earlier < stage)
        return f"body.{before + int(unit[2])}."

    return {_NESTED_UNIT.sub(counted, name): value for name, value in tensors.items()}
