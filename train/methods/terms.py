"""Loss terms of the methods: (forward, batch) -> scalar. AU alignment has a module of its own."""

import torch.nn.functional as F
from torch import Tensor

from train.records import Batch, Forward, Term


def cross_entropy(forward: Forward, batch: Batch) -> Tensor:
    """Mean cross-entropy of the label, or of the shares where faces are mixed."""
    target = batch.labels_B if batch.mixed_BK is None else batch.mixed_BK
    return F.cross_entropy(forward.logits_BK.float(), target)


def erased_cross_entropy(forward: Forward, batch: Batch) -> Tensor:
    """Mean cross-entropy of ACoL's second branch."""
    return F.cross_entropy(forward.extra["erased_logits_BK"].float(), batch.labels_B)


TERMS: dict[str, Term] = {
    "cross_entropy": cross_entropy,
    "erased_cross_entropy": erased_cross_entropy,
}
