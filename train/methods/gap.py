"""Global average pooling and a linear layer: the head of CAM and of all that read a pooled level.

Shapes: B batch, C channels, H W rows and columns, K expressions.
"""

from torch import Tensor, nn

from train.methods.base import NO_EXTRA, Extra, Features, Head, LevelShape, init_xavier
from train.records import Forward


class GAPHead(Head):
    """Global average pooling and a linear layer.

    Source: Zhou et al., Learning Deep Features for Discriminative Localization, CVPR 2016.
    """

    def __init__(self, level: LevelShape) -> None:
        super().__init__()
        self.linear = init_xavier(nn.Linear(level.channels, level.classes))

    def class_weights(self) -> Tensor:
        """Return those of the linear layer."""
        return self.linear.weight

    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Return logits; class maps follow from the weights, see CAM methods.class_map."""
        return Forward(self.linear(features[-1].mean(dim=(2, 3))), features)

    def gradient(self, forward: Forward, classes_B: Tensor) -> Tensor:
        """Return it in closed form: everywhere the class's weights over the number of pixels."""
        level_BCHW = forward.features[-1]
        weights_BC = self.linear.weight.detach()[classes_B] / level_BCHW[0, 0].numel()
        return weights_BC[:, :, None, None].expand_as(level_BCHW)
