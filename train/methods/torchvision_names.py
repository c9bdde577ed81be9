"""Names of networks in torchvision that timm calls otherwise.

EfficientNet is translated. The others are refused by their names: MobileNetV3 is normalised with
another epsilon there, so its weights would compute something else, and of ConvNeXt and ViT
torchvision has no network of the sizes that AULens has.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from errors import DataError

_EFFICIENT = "features.1.0.block.0.0.weight"
_OTHERS = {
    "features.1.block.0.0.weight": "MobileNetV3",
    "features.1.conv.0.0.weight": "MobileNetV2",
    "features.1.0.layer_scale": "ConvNeXt",
    "features.1.0.attn.qkv.weight": "Swin",
    "encoder.layers.encoder_layer_0.ln_1.weight": "ViT",
}
"""A name that only this network of torchvision's has -> what it is."""

_UNIT = re.compile(r"^features\.(\d+)\.(\d+)\.block\.(\d+)\.(\w+)\.(.+)$")
_ENDS = {
    "features.0.0.": "conv_stem.",
    "features.0.1.": "bn1.",
    "features.8.0.": "conv_head.",
    "features.8.1.": "bn2.",
    "classifier.1.": "classifier.",
}
_SQUEEZE = {"fc1": "se.conv_reduce", "fc2": "se.conv_expand"}
_FIRST_STAGE = (("conv_dw", "bn1"), None, ("conv_pw", "bn2"))
_LATER_STAGES = (("conv_pw", "bn1"), ("conv_dw", "bn2"), None, ("conv_pwl", "bn3"))
"""Parts of a block in order: a convolution and its normalisation; None: squeeze and excitation."""


def timm_names(tensors: Mapping[str, Tensor], where: Path) -> dict[str, Tensor]:
    """Give weights of torchvision's EfficientNet the names of timm; others stay as they are.

    Raises:
        DataError: if they are of a network of torchvision's that has no counterpart.
    """
    for name, network in _OTHERS.items():
        if name in tensors:
            raise DataError(
                where,
                f"is torchvision's {network}, which differs from timm's. Take timm's file of the "
                "backbone instead.",
            )
    if _EFFICIENT not in tensors:
        return dict(tensors)
    return {_efficient(name): value for name, value in tensors.items()}


def _efficient(name: str) -> str:
    if unit := _UNIT.match(name):
        stage, block, part, inner, rest = unit.groups()
        parts = _FIRST_STAGE if stage == "1" else _LATER_STAGES
        pair = parts[int(part)] if int(part) < len(parts) else None
        ours = _SQUEEZE.get(inner, inner) if pair is None else pair[int(inner)]
        return f"blocks.{int(stage) - 1}.{block}.{ours}.{rest}"
    begins = next((one for one in _ENDS if name.startswith(one)), "")
    return _ENDS.get(begins, "") + name.removeprefix(begins)
