"""Loss terms: (forward, batch) -> scalar. The AU alignment term is the point of it all.

Shapes: B batch, C channels, H W of an attention, h w of a heatmap.
Source: Belharbi et al., Guided Interpretable Facial Expression Recognition, FG 2024 (arXiv
2402.00281).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from errors import pick
from train.params import AlignmentParams
from train.records import Batch, Forward, Term

_EPS = 1e-8


def cross_entropy(forward: Forward, batch: Batch) -> Tensor:
    """Mean cross-entropy of the label."""
    return F.cross_entropy(forward.logits_BK.float(), batch.labels_B)


TERMS: dict[str, Term] = {"cross_entropy": cross_entropy}


def mean_attention(feature_BCHW: Tensor) -> Tensor:
    """Average over channels: (B, H, W). Published."""
    return feature_BCHW.mean(dim=1)


def cosine_distance(attention_BHW: Tensor, heatmap_BHW: Tensor) -> Tensor:
    """One minus the cosine of the two maps as vectors, not centred: (B,), in [0, 2]. Published."""
    return 1 - F.cosine_similarity(attention_BHW.flatten(1), heatmap_BHW.flatten(1), eps=_EPS)


def half_pixel_resize(maps_B1hw: Tensor, size: Sequence[int]) -> Tensor:
    """Resize with antialiasing and half-pixel centres, so that nothing moves."""
    return F.interpolate(
        maps_B1hw, list(size), mode="bilinear", align_corners=False, antialias=True
    )


def published_resize(maps_B1hw: Tensor, size: Sequence[int]) -> Tensor:
    """Resize as the published code does.

    Corners are aligned *and* it antialiases, which shifts maps by about 3 % to the bottom right;
    the values are clamped to each map's own range.
    """
    resized = F.interpolate(
        maps_B1hw, list(size), mode="bilinear", align_corners=True, antialias=True
    )
    low, high = (
        maps_B1hw.amin(dim=(1, 2, 3), keepdim=True),
        maps_B1hw.amax(dim=(1, 2, 3), keepdim=True),
    )
    return resized.clamp(low, high)


ATTENTIONS: dict[str, Callable[[Tensor], Tensor]] = {"mean": mean_attention}
SIMILARITIES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"cosine": cosine_distance}
RESIZES: dict[str, Callable[[Tensor, Sequence[int]], Tensor]] = {
    "half_pixel": half_pixel_resize,
    "published": published_resize,
}


@dataclass(frozen=True, slots=True)
class Alignment:
    """How attention and heatmap are compared.

    Attributes:
        layers: which levels, from 1; the result is their mean.
        weight: factor, lambda of the paper.
        attention: from a level's activations to a map.
        distance: between two maps.
        resize: brings the heatmap to the attention's size where they differ.
    """

    layers: tuple[int, ...]
    weight: float
    attention: Callable[[Tensor], Tensor]
    distance: Callable[[Tensor, Tensor], Tensor]
    resize: Callable[[Tensor, Sequence[int]], Tensor]

    def __call__(self, forward: Forward, batch: Batch) -> Tensor:
        """Penalise attention that looks away from the action units of the label.

        Args:
            forward: its features are compared.
            batch: its maps are the targets; faces whose map is undefined do not count.

        Returns:
            Scalar: weight times the mean over layers and counted faces; 0 if no face counts.
        """
        counted_B = batch.valid_B.float()
        losses = []
        for layer in self.layers:
            attention_BHW = self.attention(forward.features[layer - 1]).float()
            target_B1HW = batch.maps_B1HW
            if target_B1HW.shape[-2:] != attention_BHW.shape[-2:]:
                target_B1HW = self.resize(target_B1HW, attention_BHW.shape[-2:])
            distance_B = self.distance(attention_BHW, target_B1HW[:, 0])
            losses.append((distance_B * counted_B).sum() / counted_B.sum().clamp(min=1))
        return self.weight * torch.stack(losses).mean()


def alignment(params: AlignmentParams) -> Alignment:
    """Return the alignment term with its parts chosen by name.

    Raises:
        UsageError: if a part is not known.
    """
    return Alignment(
        layers=params.layers,
        weight=params.weight,
        attention=pick(ATTENTIONS, params.attention, "attention"),
        distance=pick(SIMILARITIES, params.similarity, "similarity"),
        resize=pick(RESIZES, params.resize, "resize"),
    )
