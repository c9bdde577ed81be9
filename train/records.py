"""The values that travel between a batch and its loss.

Shapes: B batch, C channels, H W rows and columns, K expressions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """What a step sees.

    Attributes:
        images_B3HW: normalised pictures.
        labels_B: expression ids.
        maps_B1HW: heatmap of each face in [0, 1], moved as its picture was; zeros where undefined.
        valid_B: whether the heatmap is defined.
    """

    images_B3HW: Tensor
    labels_B: Tensor
    maps_B1HW: Tensor
    valid_B: Tensor


@dataclass(frozen=True, slots=True)
class Forward:
    """What a model says of a batch.

    Attributes:
        logits_BK: scores of the expressions, before softmax.
        features: activations (B, C, H, W), shallow to deep; layer n of the papers is features[n -
            1].
        maps_BKHW: one map an expression, from heads that make them; else None.
    """

    logits_BK: Tensor
    features: tuple[Tensor, ...]
    maps_BKHW: Tensor | None = None


Term = Callable[[Forward, Batch], Tensor]
Readout = Callable[[Any, Forward, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Method:
    """A published method, as a choice of one row from each family.

    Attributes:
        head: row of HEADS.
        readout: row of READOUTS.
        terms: rows of TERMS, summed.
    """

    head: str
    readout: str
    terms: tuple[str, ...]
