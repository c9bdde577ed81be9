"""Training strategies: what a method does differently in training, to the batch or to the network.

Evaluation never sees them.
Shapes: B batch, C channels, H W rows and columns, K expressions.
"""

from collections.abc import Callable

from train.methods.adl import adl
from train.methods.base import TrainingStrategy
from train.methods.cutmix import cutmix
from train.methods.eac import mirrored
from train.methods.pal import second_order
from train.methods.rul import uncertain_mixup
from train.methods.scn import relabel
from train.params import NoOptions, Options, checked


def plain(options: Options) -> TrainingStrategy:
    """Leave batch and network alone."""
    checked(NoOptions, options, "training_strategy")
    return TrainingStrategy()


STRATEGIES: dict[str, Callable[[Options], TrainingStrategy]] = {
    "plain": plain,
    "cutmix": cutmix,
    "adl": adl,
    "second_order": second_order,
    "relabel": relabel,
    "uncertain_mixup": uncertain_mixup,
    "mirrored": mirrored,
}
"""Name -> (train.training_strategy of params.yaml) -> training strategy."""
