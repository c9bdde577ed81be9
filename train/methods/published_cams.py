"""CAM methods as published code computes them, where this is not what its paper says.

Shapes: B batch, C channels, H W rows and columns, K expressions.
Source: the published code of Belharbi et al., FG 2024, run.
"""

import torch
from torch import Tensor

from train.methods.acol import ACoLHead
from train.methods.base import Classifier, select_class, unsuitable
from train.records import Forward

PUBLISHED_CAMS = {
    "gradcam_pp": "gradcam_pp_published",
    "acol": "acol_published",
    "adl": "adl_published",
}
"""Row of METHODS -> row of CAM_METHODS that the published code uses; else it is the method's."""

_STAGE = "layer4"
_BLOCK = 1


def acol_published(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Erase for the second branch where the first sees the class that is explained.

    In scoring that is the label, so the published maps of ACoL know it; ours erase what the model
    predicts.

    Raises:
        UsageError: if the head is another one.
    """
    if not isinstance(model.head, ACoLHead):
        raise unsuitable("acol_published", "the acol head")
    maps_BKHW = model.head(forward.features, classes_B, forward.extra).maps_BKHW
    return select_class(maps_BKHW, classes_B)


def adl_published(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Weight the output of layer4's second block instead of its last one.

    The drop layers that ADL inserts shift the index by which the published code finds the block.

    Raises:
        UsageError: if the backbone is no ResNet, or the head is not linear in the pooled level.
    """
    weights_KC = model.head.class_weights()
    blocks = getattr(model.backbone.net, _STAGE, None)
    if weights_KC is None or blocks is None or len(blocks) <= _BLOCK:
        raise unsuitable("adl_published", "a ResNet and a head that is linear in its pooled level")
    level_BCHW = forward.features[-2]
    for block in blocks[: _BLOCK + 1]:
        level_BCHW = block(level_BCHW)
    return torch.einsum("bc,bchw->bhw", weights_KC[classes_B], level_BCHW)
