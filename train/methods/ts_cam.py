"""TS-CAM: class maps from a transformer's patch tokens and the attention of its class token.

Shapes: B batch, C channels, H W rows and columns, K expressions.
"""

from torch import Tensor, nn

from train.methods.base import (
    NO_EXTRA,
    Classifier,
    Extra,
    Features,
    Head,
    LevelShape,
    head_map,
    init_xavier,
    unsuitable,
)
from train.records import Forward


class TSCAMHead(Head):
    """A convolution over the grid of patch tokens, averaged.

    Source: Gao et al., TS-CAM, ICCV 2021.
    """

    def __init__(self, level: LevelShape) -> None:
        super().__init__()
        self.classifier = init_xavier(nn.Conv2d(level.channels, level.classes, 3, padding=1))

    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Return logits and the maps that they are means of."""
        maps_BKHW = self.classifier(features[-1])
        return Forward(maps_BKHW.mean(dim=(2, 3)), features, maps_BKHW)


def ts_cam(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Multiply the head's map of the class by the class token's attention.

    Raises:
        UsageError: if the backbone has no class token.

    Source: Gao et al., TS-CAM, ICCV 2021.
    """
    if "class_attention_BHW" not in forward.extra:
        raise unsuitable("ts_cam", "a vision transformer with a class token in evaluation mode")
    return forward.extra["class_attention_BHW"] * head_map(model, forward, classes_B)
