"""The values that travel between a batch and its loss.

Shapes: B batch, C channels, H W rows and columns, K expressions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Generator, Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """What a step sees.

    Attributes:
        images_B3HW: normalised pictures.
        labels_B: expression ids.
        maps: heatmap of each face in [0, 1], moved as its picture was, zeros where undefined: one
            (B, 1, h, w) for every size that a term wants.
        valid_B: whether the heatmap is defined.
        rng: all further chance of the step, on the batch's device.
        mixed_BK: labels as shares that sum to one, where the training strategy mixes faces; else
            None.
        rows_B: of the store; None outside a run.
        points_B682: landmarks (x, y), moved as the picture was, its edges at -1 and 1; NaN where
            there are none. None unless a loss asks for them.
    """

    images_B3HW: Tensor
    labels_B: Tensor
    maps: tuple[Tensor, ...]
    valid_B: Tensor
    rng: Generator
    mixed_BK: Tensor | None = None
    rows_B: Tensor | None = None
    points_B682: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """What a model says of a batch.

    Attributes:
        logits_BK: scores of the expressions, before softmax: what the model predicts with.
        features: activations (B, C, H, W), shallow to deep; layer n of the papers is features[n -
            1].
        maps_BKHW: one map an expression, from heads that make them; else None.
        extra: what only one method's terms or CAM method ask for, by name.
    """

    logits_BK: Tensor
    features: tuple[Tensor, ...]
    maps_BKHW: Tensor | None = None
    extra: Mapping[str, Tensor] = field(default_factory=dict)


LossFunction = Callable[[Forward, Batch], Tensor]
CamMethod = Callable[[Any, Forward, Tensor], Tensor]


def all_faces(batch: Batch) -> Tensor:
    """Count the faces of a batch."""
    return torch.ones_like(batch.valid_B).sum()


def faces_with_map(batch: Batch) -> Tensor:
    """Count the faces of a batch whose heatmap is defined."""
    return batch.valid_B.sum()


def _suits_all(model: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Loss:
    """A term of the loss, and what it takes.

    Attributes:
        term: (forward, batch) -> scalar.
        counted: how many faces of a batch it is the mean of. Over several ranks it is the mean
            over those of all: each rank's is weighted with its share of them.
        points: whether batches have to carry landmarks.
        maps: whether there is nothing to learn without heatmaps.
        level: from 1, at whose size it reads heatmaps; None if it reads none, or says so itself.
        check: raises UsageError if a model is none that it suits, before the first step.
    """

    term: LossFunction
    counted: Callable[[Batch], Tensor] = all_faces
    points: bool = False
    maps: bool = False
    level: int | None = None
    check: Callable[[Any], None] = _suits_all
