"""Exponential moving average (EMA) of a model's weights and statistics.

Like torch's AveragedModel, but a few kernels for all weights, and no wait for the device.
"""

from copy import deepcopy

import torch
from torch import Tensor

from train.methods.base import Classifier


class MovingAverage:
    """A copy of a model that follows it.

    Attributes:
        model: with the averaged weights and statistics; counters are those of the model.
    """

    def __init__(self, model: Classifier, decay: float) -> None:
        self.model, self._decay = deepcopy(model).requires_grad_(requires_grad=False), decay
        self._averages, self._counters = _split(self.model)
        self._values, self._counted = _split(model)

    def update(self, unless: Tensor) -> None:
        """Follow the model by one step.

        Args:
            unless: scalar bool, on the device: the step was skipped, so nothing changes.
        """
        share = torch.where(unless, 0.0, 1 - self._decay)
        with torch.no_grad():
            moves = torch._foreach_sub(self._values, self._averages)
            torch._foreach_mul_(moves, share)
            torch._foreach_add_(self._averages, moves)
            if self._counters:
                torch._foreach_copy_(self._counters, self._counted)


def _split(model: Classifier) -> tuple[list[Tensor], list[Tensor]]:
    """Return a model's weights and statistics, and its counters."""
    kept = [*model.parameters(), *model.buffers()]
    return (
        [one for one in kept if one.is_floating_point()],
        [one for one in kept if not one.is_floating_point()],
    )
