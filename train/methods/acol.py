"""ACoL: a second branch learns from the places that the first one did not attend to.

Shapes: B batch, C channels, H W rows and columns, K expressions.
"""

import torch
from torch import Tensor, nn

from train.images import minmax_normalize
from train.methods.base import (
    NO_EXTRA,
    Extra,
    Features,
    Head,
    LevelShape,
    init_xavier,
    select_class,
)
from train.methods.classification_loss import ClassificationLoss
from train.options import ACoLParams
from train.records import Batch, Forward, Loss


class ACoLHead(Head):
    """Two branches; the first branch's most active places are erased for the second.

    In training, the map of the label decides what is erased; in evaluation, where labels are not
    known, the map of the class that the first branch predicts.

    Source: Zhang et al., Adversarial Complementary Learning, CVPR 2018.
    """

    def __init__(self, level: LevelShape, params: ACoLParams) -> None:
        super().__init__()
        self.params = params
        self.first, self.second = (_branch(level, params.width) for _ in range(2))

    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Return the first branch's logits, and the maximum of both branches' maps in [0, 1].

        Extra `erased_logits_BK`: the second branch's logits, for its loss.
        """
        first_BKHW = self.first(features[-1])
        logits_BK = first_BKHW.mean(dim=(2, 3))
        classes_B = logits_BK.argmax(dim=1) if labels_B is None else labels_B
        first_BHW = minmax_normalize(select_class(first_BKHW.detach(), classes_B))
        kept_B1HW = (first_BHW < self.params.threshold)[:, None]
        second_BKHW = self.second(features[-1] * kept_B1HW)
        return Forward(
            logits_BK,
            features,
            torch.maximum(minmax_normalize(first_BKHW), minmax_normalize(second_BKHW)),
            {"erased_logits_BK": second_BKHW.mean(dim=(2, 3))},
        )


def _branch(level: LevelShape, width: int) -> nn.Sequential:
    """Return the published branch: two 3 x 3 convolutions, then one map per expression."""
    return nn.Sequential(
        init_xavier(nn.Conv2d(level.channels, width, 3, padding=1)),
        nn.ReLU(),
        init_xavier(nn.Conv2d(width, width, 3, padding=1)),
        nn.ReLU(),
        init_xavier(nn.Conv2d(width, level.classes, 1)),
    )


def erased_cross_entropy(classify: ClassificationLoss) -> Loss:
    """Return the classification loss of ACoL's second branch."""

    def loss(forward: Forward, batch: Batch) -> Tensor:
        return classify(forward.extra["erased_logits_BK"], batch.target)

    return Loss(loss)
