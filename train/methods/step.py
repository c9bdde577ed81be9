"""One training step up to its losses: the regime's turn, then the model's."""

from collections.abc import Callable

import torch
from torch import nn

from train.records import Batch, Forward


def training_forward(
    model: nn.Module,
    prepare: Callable[[Batch, torch.Generator], Batch],
    batch: Batch,
    rng: torch.Generator,
) -> tuple[Batch, Forward]:
    """Let the regime change the batch, and the model see it.

    Args:
        model: a Classifier, however it is wrapped (compiled, distributed).
        prepare: of the method's regime.
        batch: augmented, on the model's device.
        rng: on the same device; all chance of the regime comes from it.

    Returns:
        The batch that the terms must compare with, and what the model says of it.
    """
    batch = prepare(batch, rng)
    return batch, model(batch.images_B3HW, batch.labels_B)
