"""Training strategies: what a method does differently in training, to the batch or to the network.

Evaluation never sees them.
Shapes: B batch, C channels, H W rows and columns, K expressions.
"""

from collections.abc import Callable
from typing import Any

from train.methods.adl import adl
from train.methods.base import TrainingStrategy
from train.methods.cutmix import cutmix
from train.methods.eac import mirrored
from train.methods.ofer import with_latents
from train.methods.pal import second_order
from train.methods.rul import uncertain_mixup
from train.methods.scn import relabel
from train.options import NoOptions


def plain(params: NoOptions) -> TrainingStrategy:
    """Leave batch and network alone."""
    return TrainingStrategy()


STRATEGIES: dict[str, Callable[[Any], TrainingStrategy]] = {
    "plain": plain,
    "cutmix": cutmix,
    "adl": adl,
    "second_order": second_order,
    "relabel": relabel,
    "uncertain_mixup": uncertain_mixup,
    "mirrored": mirrored,
    "with_latents": with_latents,
}
"""Name -> its model of STRATEGY_OPTIONS -> training strategy."""
