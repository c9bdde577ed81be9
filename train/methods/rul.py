"""RUL: faces are mixed by their uncertainty, and the mixture has to predict both labels.

The more uncertain face takes the larger share, so the loss is low only if hard faces are uncertain.

Shapes: B batch, C channels, D width of a branch, K expressions.
Source: Zhang et al., Relative Uncertainty Learning for Facial Expression Recognition, NeurIPS 2021.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from train.methods.base import (
    NO_EXTRA,
    Classifier,
    Extra,
    Features,
    Head,
    LevelShape,
    TrainingStrategy,
    forward_once,
)
from train.methods.classification_loss import ClassificationLoss
from train.options import NoOptions, RULParams
from train.records import Batch, Forward, Loss

_EPS = 2e-5


class RULHead(Head):
    """Two branches, a face's feature and the log of its variance; a linear layer on the first."""

    def __init__(self, level: LevelShape, params: RULParams) -> None:
        super().__init__()
        self.feature, self.log_variance = (_branch(level, params) for _ in range(2))
        self.classifier = nn.Linear(params.width, level.classes)
        self.classifier.lr_factor = params.lr_factor  # type: ignore[assignment]  # see optimise

    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Return the logits of the unmixed feature; extra `feature_BD`, `log_variance_BD`."""
        feature_BD = self.feature(features[-1])
        branches = {"feature_BD": feature_BD, "log_variance_BD": self.log_variance(features[-1])}
        return Forward(self.classifier(feature_BD), features, extra=branches)


def _branch(level: LevelShape, params: RULParams) -> nn.Sequential:
    channels, rows, columns, _ = level
    return nn.Sequential(
        nn.BatchNorm2d(channels, eps=_EPS, affine=False),
        nn.Dropout(params.dropout),
        nn.Flatten(),
        nn.Linear(channels * rows * columns, params.width),
        nn.BatchNorm1d(params.width, eps=_EPS),
    )


def mix_features(feature_BD: Tensor, log_variance_BD: Tensor, partners_B: Tensor) -> Tensor:
    """Mix every face's feature with its partner's, each by its share of their uncertainty: (B, D).

    Args:
        feature_BD: of the faces.
        log_variance_BD: a face's uncertainty is the mean of its variances.
        partners_B: rows of the batch.
    """
    uncertainty_B1 = log_variance_BD.float().exp().mean(dim=1, keepdim=True)
    share_B1 = uncertainty_B1 / (uncertainty_B1 + uncertainty_B1[partners_B])
    return share_B1 * feature_BD + (1 - share_B1) * feature_BD[partners_B]


def uncertain_mixup(params: NoOptions) -> TrainingStrategy:
    """Mix each face with another one of its batch.

    Adds extra `mixed_logits_BK` and `partner_target`. Partners are from the same rank.
    """

    def forward(model: Classifier, batch: Batch) -> Forward:
        output, rng = forward_once(model, batch), batch.rng
        partners_B = torch.randperm(len(batch.labels_B), generator=rng, device=rng.device)
        mixed_BD = mix_features(
            output.extra["feature_BD"], output.extra["log_variance_BD"], partners_B
        )
        assert isinstance(model.head, RULHead)
        extra = {
            "mixed_logits_BK": model.head.classifier(mixed_BD),
            "partner_target": batch.target[partners_B],
        }
        return replace(output, extra={**output.extra, **extra})

    return TrainingStrategy(forward=forward)


def mixed_cross_entropy(classify: ClassificationLoss) -> Loss:
    """Return the mean classification loss of the mixture with either label; RUL has no other."""

    def loss(forward: Forward, batch: Batch) -> Tensor:
        logits_BK = forward.extra["mixed_logits_BK"]
        both = (batch.target, forward.extra["partner_target"])
        return torch.stack([classify(logits_BK, target) for target in both]).mean()

    return Loss(loss)
