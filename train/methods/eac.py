"""EAC: the class maps of a face and of its mirror image have to agree.

Shapes: B batch, C channels, H W rows and columns of the deepest level, K expressions.
Source: Zhang et al., Learn From All: Erasing Attention Consistency for Noisy Label Facial
Expression Recognition, ECCV 2022.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from errors import UsageError
from train.methods.base import Classifier, TrainingStrategy
from train.options import ConsistencyParams, MirroredParams
from train.records import Batch, Forward, Loss


def class_maps(weights_KC: Tensor, feature_BCHW: Tensor) -> Tensor:
    """Weight activations by a classifier that learns nothing from it: (B, K, H, W) float32."""
    with torch.autocast(feature_BCHW.device.type, enabled=False):
        return torch.einsum("kc,bchw->bkhw", weights_KC.detach().float(), feature_BCHW.float())


def mirrored(params: MirroredParams) -> TrainingStrategy:
    """Show the model the augmented faces, then mirror images of them; only the first are scored.

    Adds extra `class_maps_BKHW`, and `mirrored_maps_BKHW` of the mirror images, flipped back.
    `mirror_consistency` refuses models whose head has no class weights.
    """

    def forward(model: Classifier, batch: Batch) -> Forward:
        weights_KC = model.head.class_weights()
        assert weights_KC is not None
        unmirrored = batch.images_B3HW if batch.second_B3HW is None else batch.second_B3HW
        other = unmirrored.flip(-1).contiguous(memory_format=torch.channels_last)
        first, second = (model(images, batch.labels_B) for images in (batch.images_B3HW, other))
        maps = {
            "class_maps_BKHW": class_maps(weights_KC, first.features[-1]),
            "mirrored_maps_BKHW": class_maps(weights_KC, second.features[-1]).flip(-1),
        }
        return Forward(first.logits_BK, first.features, first.maps_BKHW, {**first.extra, **maps})

    return TrainingStrategy(forward=forward, second_view=params.second_view == "erased_apart")


def _refuse_other_heads(model: Classifier) -> None:
    if model.head.class_weights() is None:
        raise UsageError(
            "losses.mirror_consistency", "needs a head that is linear in the pooled level."
        )


def mirror_consistency(params: ConsistencyParams) -> Loss:
    """Return the mean squared difference of all class maps of both views, times its weight."""

    def loss(forward: Forward, batch: Batch) -> Tensor:
        extra = forward.extra
        return params.weight * F.mse_loss(extra["class_maps_BKHW"], extra["mirrored_maps_BKHW"])

    return Loss(loss, check=_refuse_other_heads)
