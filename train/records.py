"""The values that travel between a batch and its loss.

Shapes: B batch, C channels, H W rows and columns, K expressions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """Input of a step.

    Attributes:
        images_B3HW: normalised images.
        labels_B: expression ids.
        maps: heatmap of each face in [0, 1], warped as its image was, zeros where undefined: one
            (B, 1, h, w) per size that a loss needs.
        valid_B: whether the heatmap is defined.
        rng: for all further random numbers of the step, on the batch's device.
        shares_BK: labels as shares that sum to one: soft labels, or those of faces that were
            mixed; None where every face has its label alone.
        rows_B: of the store; None outside a run.
        points_B682: landmarks (x, y), warped as the image was, its edges at -1 and 1; NaN where
            there are none. None unless a loss needs them.
        second_B3HW: the images before their colours and noise were changed, erased by themselves;
            None unless the training strategy needs them.
        latents_BPD: of the patches of each face as it is shown; None unless the method reads them.
        valence_arousal_B2: from -1 to 1; NaN where they are not known. None unless a loss needs
            them.
        epoch: number of finished epochs, for losses that change.
        shared_seed: of the step, the same on all ranks, for draws that they have to share.
    """

    images_B3HW: Tensor
    labels_B: Tensor
    maps: tuple[Tensor, ...]
    valid_B: Tensor
    rng: Generator
    shares_BK: Tensor | None = None
    rows_B: Tensor | None = None
    points_B682: Tensor | None = None
    second_B3HW: Tensor | None = None
    latents_BPD: Tensor | None = None
    valence_arousal_B2: Tensor | None = None
    epoch: int = 0
    shared_seed: int = 0

    @property
    def target(self) -> Tensor:
        """What to predict: the labels (B,), or shares (B, K) of soft labels or mixed faces."""
        return self.labels_B if self.shares_BK is None else self.shares_BK

    def shares(self, classes: int) -> Tensor:
        """Return what to predict as shares (B, K), of so many classes."""
        if self.shares_BK is not None:
            return self.shares_BK
        return F.one_hot(self.labels_B, classes).float()


@dataclass(frozen=True, slots=True)
class Forward:
    """Output of a model.

    Attributes:
        logits_BK: scores of the expressions, before softmax: what the model predicts with.
        features: activations (B, C, H, W), shallow to deep; layer n of the papers is features[n -
            1].
        maps_BKHW: one map per expression, from heads that make them; else None.
        extra: tensors that only one method's losses or CAM method need, by name.
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


def _accept_any(model: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss, a mean over faces, and what it needs.

    Attributes:
        function: (forward, batch) -> scalar.
        count: how many faces of a batch it is the mean of. With several ranks it is the mean over
            the faces of all: each rank's value is weighted with its share of them.
        needs_points: whether batches have to carry landmarks.
        needs_maps: whether it has nothing to learn from without heatmaps.
        needs_valence_arousal: whether batches have to carry these of each face.
        level: from 1, at whose size it reads heatmaps; None if it reads none, or resizes them.
        check: called with the model before the first step; raises UsageError if it does not suit.
    """

    function: LossFunction
    count: Callable[[Batch], Tensor] = all_faces
    needs_points: bool = False
    needs_maps: bool = False
    needs_valence_arousal: bool = False
    level: int | None = None
    check: Callable[[Any], None] = _accept_any
