"""What every regime is: what a method does differently in training. Evaluation never sees it."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from train.methods.head import Classifier
from train.methods.levels import Backbone
from train.records import Batch, Forward


def once(model: Classifier, batch: Batch) -> Forward:
    """Show the model the batch."""
    found: Forward = model(batch.images_B3HW, batch.labels_B)
    return found


@dataclass(frozen=True, slots=True)
class Regime:
    """How a method is trained.

    Attributes:
        fit: puts into a backbone what it needs, after its weights are loaded.
        prepare: once a batch, after the augmentation; its chance comes from the batch's generator.
        run: what the model is shown of a batch, and what becomes of its answer.
        relabel: (what the model says, batch, epochs finished) -> labels (B,) that faces have from
            the next epoch on; None if labels stay.
    """

    fit: Callable[[Backbone], None] = lambda backbone: None
    prepare: Callable[[Batch], Batch] = lambda batch: batch
    run: Callable[[Classifier, Batch], Forward] = once
    relabel: Callable[[Forward, Batch, int], Tensor] | None = None
