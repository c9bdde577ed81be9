"""Losses of the methods. AU alignment, which goes with any of them, has a module of its own."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from train.methods.acol import erased_cross_entropy
from train.methods.cafe import diversity, separation
from train.methods.classification_loss import ClassificationLoss
from train.methods.eac import mirror_consistency
from train.methods.pal import attribution
from train.methods.rul import mixed_cross_entropy
from train.methods.scn import importance_ranking
from train.records import Batch, Forward, Loss


def cross_entropy(classify: ClassificationLoss) -> Loss:
    """Return the classification loss of the logits that predict."""

    def loss(forward: Forward, batch: Batch) -> Tensor:
        return classify(forward.logits_BK, batch.target)

    return Loss(loss)


LOSSES: dict[str, Callable[[Any, ClassificationLoss], Loss]] = {
    "cross_entropy": lambda _, classify: cross_entropy(classify),
    "erased_cross_entropy": lambda _, classify: erased_cross_entropy(classify),
    "attribution": lambda options, _: attribution(options),
    "importance_ranking": lambda options, _: importance_ranking(options),
    "mixed_cross_entropy": lambda _, classify: mixed_cross_entropy(classify),
    "mirror_consistency": lambda options, _: mirror_consistency(options),
    "separation": lambda options, _: separation(options),
    "diversity": lambda options, _: diversity(options),
}
"""Name -> (its model of LOSS_OPTIONS, the run's classification loss) -> loss."""
