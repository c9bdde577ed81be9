"""Losses of the methods. AU alignment, which goes with any of them, has a module of its own."""

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from train.methods.acol import erased_cross_entropy
from train.methods.cafe import diversity, separation
from train.methods.eac import mirror_consistency
from train.methods.pal import attribution
from train.methods.rul import mixed_cross_entropy
from train.methods.scn import importance_ranking
from train.records import Batch, Forward, Loss


def cross_entropy(forward: Forward, batch: Batch) -> Tensor:
    """Mean cross-entropy of the label, or of the shares where faces are mixed."""
    target = batch.labels_B if batch.mixed_BK is None else batch.mixed_BK
    return F.cross_entropy(forward.logits_BK.float(), target)


LOSSES: dict[str, Callable[[Any], Loss]] = {
    "cross_entropy": lambda _: Loss(cross_entropy),
    "erased_cross_entropy": lambda _: Loss(erased_cross_entropy),
    "attribution": attribution,
    "importance_ranking": importance_ranking,
    "mixed_cross_entropy": lambda _: Loss(mixed_cross_entropy),
    "mirror_consistency": mirror_consistency,
    "separation": separation,
    "diversity": diversity,
}
"""Name -> its model of LOSS_OPTIONS -> loss."""
