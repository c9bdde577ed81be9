"""ADL (attention-based dropout layer): in training, the most active places are sometimes hidden.

Shapes: B batch, C channels, H W rows and columns.
"""

import torch
from torch import Tensor, nn

from errors import UsageError
from train.methods.backbones.base import Backbone
from train.methods.base import TrainingStrategy
from train.options import ADLParams


class AttentionDropout(nn.Module):
    """Hides or stresses the most active places, by one random draw per batch; off in evaluation.

    The draw comes from the device's default generator, as in dropout.
    """

    def __init__(self, params: ADLParams) -> None:
        super().__init__()
        self.params = params

    def forward(self, feature_BCHW: Tensor) -> Tensor:
        """Multiply by the mask of places below the threshold, or by the attention's sigmoid."""
        if not self.training:
            return feature_BCHW
        attention_B1HW = feature_BCHW.mean(dim=1, keepdim=True)
        highest_B111 = attention_B1HW.amax(dim=(2, 3), keepdim=True)
        kept_B1HW = (attention_B1HW < self.params.threshold * highest_B111).to(feature_BCHW.dtype)
        draw = torch.rand((), device=feature_BCHW.device)
        return feature_BCHW * torch.where(
            draw < self.params.drop_p, kept_B1HW, attention_B1HW.sigmoid()
        )


def adl(params: ADLParams) -> TrainingStrategy:
    """Put attention dropout after the first block of layer3, the first and the third of layer4.

    Where layer4 has fewer than three, after its last.

    Source: Choe and Shim, Attention-based Dropout Layer, CVPR 2019.
    """

    def modify_backbone(backbone: Backbone) -> None:
        for stage, places in (("layer3", {0}), ("layer4", {0, 2})):
            if not hasattr(backbone.net, stage):
                raise UsageError(
                    "training_strategy", f"adl needs a ResNet: this backbone has no {stage}."
                )
            blocks = backbone.net.get_submodule(stage)
            for place in {min(place, len(blocks) - 1) for place in places}:
                blocks[place] = nn.Sequential(blocks[place], AttentionDropout(params))

    return TrainingStrategy(modify_backbone=modify_backbone)
