"""TS-CAM: class maps from a transformer's patch tokens and the attention of its class token.

Shapes: B batch, C channels, H W rows and columns, K expressions.
"""

from torch import Tensor, nn

from anatomy.expressions import EXPRESSIONS
from train.methods.base import NO_EXTRA, Extra, Features, Head, LevelShape, init_xavier
from train.records import Forward


class TSCAMHead(Head):
    """A convolution over the grid of patch tokens, averaged.

    Source: Gao et al., TS-CAM, ICCV 2021.
    """

    def __init__(self, deepest: LevelShape) -> None:
        super().__init__()
        self.classifier = init_xavier(nn.Conv2d(deepest.channels, len(EXPRESSIONS), 3, padding=1))

    def forward(
        self, features: Features, labels_B: Tensor | None = None, seen: Extra = NO_EXTRA
    ) -> Forward:
        """Return logits and the maps that they are means of."""
        maps_BKHW = self.classifier(features[-1])
        return Forward(maps_BKHW.mean(dim=(2, 3)), features, maps_BKHW)
