"""What every head is, and the classifier that it makes of a backbone.

Shapes: B batch, C channels, H W rows and columns of the deepest level, K expressions.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from errors import UsageError
from train.images import renormalize
from train.methods.backbones.base import Backbone
from train.records import Batch, Forward

Features = tuple[Tensor, ...]
Extra = Mapping[str, Tensor]
NO_EXTRA: Extra = {}
LATENTS = "latents_BPD"
"""Name of the latents of patches, among what a model is given besides pictures."""
HIDDEN, RESTORED = "hidden_BP", "restored_B3SS"
"""Names of what a restored face brings along, too: which patches were filled, and the face."""
Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)


class LevelShape(NamedTuple):
    """Shape of the deepest level, for which a head is made, and how many classes it tells apart."""

    channels: int
    rows: int
    columns: int
    classes: int


class Head(nn.Module, ABC):
    """Reads the deepest level only, so that one gradient serves every explanation.

    Attributes:
        caveat: a warning to print beside every score; None if there is none.
        weight_sources: names of frozen weights that it uses, beside train.weights.
    """

    caveat: str | None = None
    weight_sources: tuple[str, ...] = ()

    @abstractmethod
    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Score a batch.

        Args:
            features: levels (B, C, H, W), shallow to deep.
            labels_B: in training only, for heads that learn by them.
            extra: what the backbone and `encode_extra` give besides features, by name.
        """

    def encode_extra(self, images_B3HW: Tensor) -> Extra:
        """Return tensors that the head computes from the images themselves; for most, none."""
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
            logits_BK = self(features, extra=forward.extra).logits_BK
            chosen_B = logits_BK.gather(1, classes_B[:, None])
            (gradient_BCHW,) = torch.autograd.grad(chosen_B.sum(), deepest_BCHW)
        return gradient_BCHW


class Classifier(nn.Module):
    """A backbone and a head: pictures (B, 3, H, W) -> Forward.

    Attributes:
        input_name: row of images.INPUTS: how the backbone expects pictures normalised.
        restore: of a run that learnt from restored faces: pictures -> them restored, and their
            latents, by name. It is no part of the weights. None elsewhere.
        added: heads beside the expressions, by name: deepest level -> what extra of Forward holds.
        head_dropout: share of the deepest level's channels that the head does not see in training.
            Whole channels: for a pooled head the same as dropout after pooling. Losses and CAM
            methods see them all. Source: Tompson et al., CVPR 2015 (spatial dropout).
    """

    def __init__(
        self,
        backbone: Backbone,
        head: Head,
        input_name: str = "imagenet",
        head_dropout: float = 0.0,
        added: Mapping[str, nn.Module] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.backbone, self.head, self.input_name = backbone, head, input_name
        self.head_dropout, self.added = head_dropout, nn.ModuleDict(added)
        self.restore: Callable[[Tensor], tuple[Tensor, Extra]] | None = None

    def forward(
        self, images_B3HW: Tensor, labels_B: Tensor | None = None, given: Extra = NO_EXTRA
    ) -> Forward:
        """Score a batch and keep every activation.

        Args:
            images_B3HW: pictures, normalised as for ImageNet.
            labels_B: in training only, for heads that learn by them.
            given: what the head reads besides pictures, where it was stored.
        """
        if self.restore is not None and not given:
            images_B3HW, given = self.restore(images_B3HW)
        features, extra = self.backbone(renormalize(images_B3HW, self.input_name))
        extra = {**extra, **self.head.encode_extra(images_B3HW), **given}
        shown = features
        if self.head_dropout and self.training:
            shown = (*features[:-1], F.dropout2d(features[-1], self.head_dropout))
        out = self.head(shown, labels_B, extra)
        added = {name: head(shown[-1]) for name, head in self.added.items()}
        return Forward(out.logits_BK, features, out.maps_BKHW, {**extra, **out.extra, **added})


def select_class(maps_BKHW: Tensor, classes_B: Tensor) -> Tensor:
    """Take each face's map of its class: (B, H, W)."""
    return maps_BKHW[torch.arange(len(classes_B), device=classes_B.device), classes_B]


def head_map(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Take the head's own map of the class.

    Raises:
        UsageError: if the head makes none.
    """
    if forward.maps_BKHW is None:
        raise unsuitable("head_map", "a head that makes maps")
    return select_class(forward.maps_BKHW, classes_B)


def unsuitable(cam_method: str, needs: str) -> UsageError:
    """Return the error of a CAM method that a model does not suit."""
    return UsageError("cam_method", f"{cam_method} needs {needs}. Choose another head or method.")


def init_xavier(layer: Layer) -> Layer:
    """Initialise as the published heads are: uniform weights by Xavier's rule, no bias."""
    nn.init.xavier_uniform_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def forward_once(model: Classifier, batch: Batch) -> Forward:
    """Run the model on the batch as it is."""
    output: Forward = model(batch.images_B3HW, batch.labels_B)
    return output


@dataclass(frozen=True, slots=True)
class TrainingStrategy:
    """How a method is trained.

    Attributes:
        modify_backbone: inserts layers into a backbone whose weights are already loaded.
        prepare_batch: (batch, number of classes) -> the batch, changed after augmentation;
            randomness comes from its generator.
        forward: runs the model on a batch, and adds what the method's losses need.
        second_view: whether batches need `second_B3HW`.
        relabel: (forward, batch, epochs finished) -> labels (B,) that faces have from the next
            epoch on; None if labels stay.
    """

    modify_backbone: Callable[[Backbone], None] = lambda backbone: None
    prepare_batch: Callable[[Batch, int], Batch] = lambda batch, classes: batch
    forward: Callable[[Classifier, Batch], Forward] = forward_once
    second_view: bool = False
    relabel: Callable[[Forward, Batch, int], Tensor] | None = None
