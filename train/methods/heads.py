"""Heads: from the deepest activations to logits and, for some, one map an expression.

K expressions.
"""

from collections.abc import Callable

from torch import Tensor, nn

from anatomy.expressions import EXPRESSIONS
from train.methods.backbones import Backbone
from train.records import Forward


class Classifier(nn.Module):
    """A backbone and a head: pictures (B, 3, H, W) -> Forward."""

    def __init__(self, backbone: Backbone, head: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = backbone.network, head

    def forward(self, images_B3HW: Tensor, labels_B: Tensor | None = None) -> Forward:
        """Score a batch and keep every activation.

        Args:
            images_B3HW: normalised pictures.
            labels_B: in training only, for heads that learn by them.
        """
        features = tuple(self.backbone(images_B3HW))
        logits_BK, maps_BKHW = self.head(features[-1], labels_B)
        return Forward(logits_BK, features, maps_BKHW)


class Pooled(nn.Module):
    """Global average pooling and a linear layer.

    Source: Zhou et al., Learning Deep Features for Discriminative Localization, CVPR 2016.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, len(EXPRESSIONS))
        nn.init.xavier_uniform_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, feature_BCHW: Tensor, labels_B: Tensor | None) -> tuple[Tensor, None]:
        """Return logits (B, K); class maps follow from the weights, see readouts.class_map."""
        return self.linear(feature_BCHW.mean(dim=(2, 3))), None


HEADS: dict[str, Callable[[int], nn.Module]] = {"gap": Pooled}
"""Name -> (channels of the deepest level) -> module: (B, C, H, W) -> (logits, maps or None)."""
