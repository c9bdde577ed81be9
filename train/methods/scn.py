"""SCN: faces are weighted by a learned importance, and labels may be corrected.

Shapes: B batch, C channels, K expressions.
Source: Wang et al., Suppressing Uncertainties for Large-Scale Facial Expression Recognition, CVPR
2020, and its code, which differs: the ranking is added with its full weight, and every face of a
batch may be relabelled, not only those of low importance.
"""

from collections.abc import Callable
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
from train.options import RankingParams, RelabelParams
from train.records import Batch, Forward, Loss


class SCNHead(Head):
    """A pooled linear layer whose logits are multiplied by the face's importance."""

    def __init__(self, level: LevelShape) -> None:
        super().__init__()
        self.importance = nn.Linear(level.channels, 1)
        self.linear = nn.Linear(level.channels, level.classes)

    def class_weights(self) -> Tensor:
        """Return the linear layer's: importance scales all classes of a face alike."""
        return self.linear.weight

    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Return logits; extra `importance_B`, in (0, 1)."""
        pooled_BC = features[-1].mean(dim=(2, 3))
        importance_B1 = self.importance(pooled_BC).float().sigmoid()
        logits_BK = importance_B1 * self.linear(pooled_BC)
        return Forward(logits_BK, features, extra={"importance_B": importance_B1[:, 0]})


def _all(important_B: Tensor) -> Tensor:
    return torch.ones_like(important_B)


def _unimportant(important_B: Tensor) -> Tensor:
    return ~important_B


SCOPES: dict[str, Callable[[Tensor], Tensor]] = {"batch": _all, "low": _unimportant}
"""Faces whose label may change: all (published code), or those of low importance (paper)."""


def mark_important(importance_B: Tensor, share: float) -> Tensor:
    """Mark the most important share of a batch, rounded down: (B,) bool."""
    chosen = importance_B.detach().topk(int(share * len(importance_B))).indices
    return torch.zeros_like(importance_B, dtype=torch.bool).index_fill(0, chosen, value=True)


def correct_labels(logits_BK: Tensor, labels_B: Tensor, margin: float) -> Tensor:
    """Return the likeliest expression where it beats the label by more than the margin: (B,)."""
    chances_BK = logits_BK.detach().float().softmax(dim=1)
    most_B, likeliest_B = chances_BK.max(dim=1)
    beaten_B = most_B - chances_BK.gather(1, labels_B[:, None])[:, 0] > margin
    return torch.where(beaten_B, likeliest_B, labels_B)


def relabel(params: RelabelParams) -> TrainingStrategy:
    """Mark the important faces of each batch, and correct labels that the model contradicts.

    Adds extra `important_B`.
    """
    scope = SCOPES[params.scope]

    def forward(model: Classifier, batch: Batch) -> Forward:
        output = forward_once(model, batch)
        marks = {"important_B": mark_important(output.extra["importance_B"], params.share)}
        return replace(output, extra={**output.extra, **marks})

    def corrected(output: Forward, batch: Batch, epoch: int) -> Tensor:
        if epoch + 1 < params.from_epoch:
            return batch.labels_B
        labels_B = correct_labels(output.logits_BK, batch.labels_B, params.margin)
        return torch.where(scope(output.extra["important_B"]), labels_B, batch.labels_B)

    return TrainingStrategy(forward=forward, relabel=corrected)


def importance_ranking(params: RankingParams) -> Loss:
    """Margin loss on the gap between the mean importance of important and other faces.

    Without both groups, as in a batch of one face, it is 0.
    """

    def loss(forward: Forward, batch: Batch) -> Tensor:
        importance_B, high_B = forward.extra["importance_B"], forward.extra["important_B"]
        high, low = (
            (importance_B * group_B).sum() / group_B.sum().clamp(min=1)
            for group_B in (high_B, ~high_B)
        )
        both = high_B.any() & ~high_B.all()
        return params.weight * both * (params.margin - (high - low)).relu()

    return Loss(loss)
