"""PRM (peak response mapping): one map per expression, scored by its local maxima.

Shapes: B batch, C channels, H W rows and columns, K expressions.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from train.methods.base import NO_EXTRA, Extra, Features, Head, LevelShape, init_xavier
from train.options import PRMParams
from train.records import Forward


class PRMHead(Head):
    """One map per expression; the logit is the mean of the highest values in sliding windows.

    Source: Zhou et al., Weakly Supervised Instance Segmentation using Class Peak Response, CVPR
    2018, with the fixed window of the published code.
    """

    def __init__(self, level: LevelShape, params: PRMParams) -> None:
        super().__init__()
        self.params = params
        self.classifier = init_xavier(nn.Conv2d(level.channels, level.classes, 1))

    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Return logits and the maps before max-pooling; a window is at most as large as a map."""
        maps_BKHW = self.classifier(features[-1])
        window = [min(self.params.window, side) for side in maps_BKHW.shape[2:]]
        return Forward(F.max_pool2d(maps_BKHW, window, 1).mean(dim=(2, 3)), features, maps_BKHW)
