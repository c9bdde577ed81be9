"""What every head is, and the classifier that it makes of a backbone.

Shapes: B batch, C channels, H W rows and columns of the deepest level, K expressions.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from train.methods.backbones.base import Backbone
from train.records import Batch, Forward

Features = tuple[Tensor, ...]
Extra = Mapping[str, Tensor]
NO_EXTRA: Extra = {}
Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)


class LevelShape(NamedTuple):
    """Shape of the deepest level, for which a head is made."""

    channels: int
    rows: int
    columns: int


class Head(nn.Module, ABC):
    """Reads the deepest level only, so that one gradient serves every explanation.

    Attributes:
        caveat: what has to be said beside every score; None if nothing.
        sources: of frozen weights that it stands on, beside train.weights.
    """

    caveat: str | None = None
    sources: tuple[str, ...] = ()

    @abstractmethod
    def forward(
        self, features: Features, labels_B: Tensor | None = None, seen: Extra = NO_EXTRA
    ) -> Forward:
        """Score a batch.

        Args:
            features: levels (B, C, H, W), shallow to deep.
            labels_B: in training only, for heads that learn by them.
            seen: what the backbone and `look` say besides.
        """

    def look(self, images_B3HW: Tensor) -> Extra:
        """Return what the head sees of the pictures themselves: nothing, for most."""
        return NO_EXTRA

    def class_weights(self) -> Tensor | None:
        """Return the weights (K, C) of a linear layer on the pooled level; None without one."""
        return None

    def gradient(self, forward: Forward, classes_B: Tensor) -> Tensor:
        """Return the gradient of a class's logit with respect to the deepest level: (B, C, H, W).

        It works wherever it is called, under no_grad too, and leaves no gradient in the weights.
        """
        with torch.inference_mode(False), torch.enable_grad():
            deepest_BCHW = forward.features[-1].detach().clone().requires_grad_()
            features = (*forward.features[:-1], deepest_BCHW)
            logits_BK = self(features, seen=forward.extra).logits_BK
            chosen_B = logits_BK.gather(1, classes_B[:, None])
            (gradient_BCHW,) = torch.autograd.grad(chosen_B.sum(), deepest_BCHW)
        return gradient_BCHW


class Classifier(nn.Module):
    """A backbone and a head: pictures (B, 3, H, W) -> Forward."""

    def __init__(self, backbone: Backbone, head: Head) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, images_B3HW: Tensor, labels_B: Tensor | None = None) -> Forward:
        """Score a batch and keep every activation.

        Args:
            images_B3HW: normalised pictures.
            labels_B: in training only, for heads that learn by them.
        """
        features, extra = self.backbone(images_B3HW)
        seen = {**extra, **self.head.look(images_B3HW)}
        found = self.head(features, labels_B, seen)
        return Forward(found.logits_BK, found.features, found.maps_BKHW, {**seen, **found.extra})


def select_class(maps_BKHW: Tensor, classes_B: Tensor) -> Tensor:
    """Take each face's map of its class: (B, H, W)."""
    return maps_BKHW[torch.arange(len(classes_B), device=classes_B.device), classes_B]


def init_xavier(layer: Layer) -> Layer:
    """Initialise as the published heads are: uniform weights by Xavier's rule, no bias."""
    nn.init.xavier_uniform_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def forward_once(model: Classifier, batch: Batch) -> Forward:
    """Show the model the batch."""
    found: Forward = model(batch.images_B3HW, batch.labels_B)
    return found


@dataclass(frozen=True, slots=True)
class TrainingStrategy:
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
    run: Callable[[Classifier, Batch], Forward] = forward_once
    relabel: Callable[[Forward, Batch, int], Tensor] | None = None
