"""Loss terms of the methods. AU alignment, which goes with any of them, has a module of its own."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from train.methods.acol import erased_cross_entropy
from train.methods.cafe import diversity, separation
from train.methods.eac import mirror_consistency
from train.methods.pal import attribution
from train.methods.rul import mixed_cross_entropy
from train.methods.scn import importance_ranking
from train.params import NoOptions, Options, checked
from train.records import Batch, Forward, Loss, LossFunction


def cross_entropy(forward: Forward, batch: Batch) -> Tensor:
    """Mean cross-entropy of the label, or of the shares where faces are mixed."""
    target = batch.labels_B if batch.mixed_BK is None else batch.mixed_BK
    return F.cross_entropy(forward.logits_BK.float(), target)


def without_numbers(term: LossFunction) -> Callable[[Options], Loss]:
    """Return the row of a term that has no numbers."""

    def make(options: Options) -> Loss:
        checked(NoOptions, options, "losses")
        return Loss(term)

    return make


LOSSES: dict[str, Callable[[Options], Loss]] = {
    "cross_entropy": without_numbers(cross_entropy),
    "erased_cross_entropy": without_numbers(erased_cross_entropy),
    "attribution": attribution,
    "importance_ranking": importance_ranking,
    "mixed_cross_entropy": without_numbers(mixed_cross_entropy),
    "mirror_consistency": mirror_consistency,
    "separation": separation,
    "diversity": diversity,
}
"""Name -> (train.losses.<name> of params.yaml) -> loss."""
