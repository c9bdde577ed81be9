"""The family of added heads: outputs of a classifier beside its expressions, whatever its method.

They read the deepest level of the backbone, as the method's own head does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn

from store.reading import VALENCE_AROUSAL
from train.methods.base import LevelShape
from train.methods.valence_arousal import ValenceArousalHead, valence_arousal_loss
from train.params import TrainParams
from train.records import Loss


@dataclass(frozen=True, slots=True)
class AddedHead:
    """A member of the family.

    Attributes:
        make: shape of the deepest level -> module from that level (B, C, H, W) to its output.
        loss: [train] -> the loss that learns it; the output is `extra` of a Forward, by name.
    """

    make: Callable[[LevelShape], nn.Module]
    loss: Callable[[TrainParams], Loss]


ADDED_HEADS: dict[str, AddedHead] = {
    VALENCE_AROUSAL: AddedHead(ValenceArousalHead, valence_arousal_loss),
}
"""Name in train.heads, and of the array in the faces store that it learns -> the head."""


def make_added_heads(params: TrainParams, level: LevelShape) -> dict[str, nn.Module]:
    """Return the heads that [train] adds, by name."""
    return {name: ADDED_HEADS[name].make(level) for name in params.heads}


def added_losses(params: TrainParams) -> Mapping[str, Loss]:
    """Return their losses, by name."""
    return {name: ADDED_HEADS[name].loss(params) for name in params.heads}
