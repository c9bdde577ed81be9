"""Fine-tuning: a learning rate per level of the backbone, and levels that rest for some epochs.

A weight belongs to the first level that depends on it, a shallow one of those it serves; weights
that no level depends on are the head's.
Source: Howard and Ruder, ULMFiT, ACL 2018 (discriminative learning rates, gradual unfreezing).
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from train.methods import LEVELS
from train.methods.backbones.base import Backbone
from train.params import TrainParams

Factors = Mapping[nn.Parameter, float]
"""Weight -> factor of the learning rate; 1 where there is none."""


def weights_per_level(backbone: Backbone, image_px: int) -> list[list[nn.Parameter]]:
    """Return the weights of each level, shallow to deep, by the graph of one forward pass."""
    device = next(backbone.parameters()).device
    training = backbone.training
    backbone.eval()
    with torch.enable_grad():
        levels, _ = backbone(torch.zeros(1, 3, image_px, image_px, device=device))
    backbone.train(training)
    seen: set[Any] = {None}
    return [_new_weights(level.grad_fn, seen) for level in levels]


def _new_weights(node: Any, seen: set[Any]) -> list[nn.Parameter]:  # noqa: ANN401 - torch's nodes have no common type
    """Walk from a node of the graph to the weights, past what was seen before."""
    waiting, found = [node], []
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        waiting += [before for before, _ in node.next_functions]
    return found


def learning_rate_factors(backbone: Backbone, params: TrainParams) -> Factors:
    """Return the factors of a backbone's weights; empty if all levels learn alike.

    With one number f, level 5 has f, level 4 f squared, and so on; the head always has 1.
    """
    stated = params.fine_tuning.lr_factor
    factors = (
        stated
        if isinstance(stated, tuple)
        else [stated ** (LEVELS - level) for level in range(LEVELS)]
    )
    if set(factors) == {1.0}:
        return {}
    levels = weights_per_level(backbone, params.image_px)
    return {
        weight: factor
        for weights, factor in zip(levels, factors, strict=True)
        for weight in weights
    }


class FrozenLevels:
    """The first levels of a backbone, which rest for the first epochs.

    While they rest, their weights have no gradient, and batch normalisation uses its running
    statistics and leaves them as they are. Layers without weights, such as dropout, go on.
    """

    def __init__(self, backbone: Backbone, params: TrainParams) -> None:
        """Find their weights; image_px and fine_tuning are read."""
        count, self._epochs = params.fine_tuning.frozen_levels, params.fine_tuning.frozen_epochs
        levels = weights_per_level(backbone, params.image_px)[:count] if count else []
        self._weights = [weight for level in levels for weight in level]
        resting = set(self._weights)
        self._modules = [
            module
            for module in backbone.modules()
            if (own := set(module.parameters(recurse=False))) and own <= resting
        ]

    def rest_at(self, epoch: int) -> bool:
        """Say whether they rest in an epoch, counted from 0."""
        return bool(self._weights) and epoch < self._epochs

    def apply(self, epoch: int) -> None:
        """Freeze or free them, on a model in training mode."""
        rest = self.rest_at(epoch)
        for weight in self._weights:
            weight.requires_grad_(not rest)
        for module in self._modules if rest else ():
            module.training = False  # not train(False): its parts may belong to other levels
