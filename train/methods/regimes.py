"""Regimes: what a method does differently in training, to the batch or to the network.

Evaluation never sees them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from train.methods.backbones import Backbone
from train.records import Batch

Options = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Regime:
    """How a method is trained.

    Attributes:
        prepare: (batch, generator) -> batch, once a step, after the augmentation.
        fit: puts into a new backbone what it needs.
    """

    prepare: Callable[[Batch, torch.Generator], Batch]
    fit: Callable[[Backbone], None]


def plain(options: Options) -> Regime:
    """Leave batch and network alone."""
    return Regime(prepare=lambda batch, rng: batch, fit=lambda backbone: None)


REGIMES: dict[str, Callable[[Options], Regime]] = {"plain": plain}
"""Name -> (train.regime of params.yaml) -> regime."""
