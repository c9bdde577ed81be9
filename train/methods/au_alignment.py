"""The AU alignment loss: an attention, a similarity and a resize, each chosen from its family.

Shapes: B batch, C channels, H W of an attention, h w of a heatmap.
Source: Belharbi et al., Guided Interpretable Facial Expression Recognition, FG 2024 (arXiv
2402.00281).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from errors import UsageError, pick
from train.params import AlignmentParams
from train.records import Batch, Forward

_EPS = 1e-8
_STD_EPS = 1e-4
_SHARPEST = 10.0
"""As published: the log barrier grows no sharper."""

Size = tuple[int, int]
Attention = Callable[[Tensor, float, torch.Generator], Tensor]
Distance = Callable[[Tensor, Tensor, float], Tensor]


def _channel_mean(feature_BCHW: Tensor) -> Tensor:
    """Average over channels in single precision, whatever precision they come in."""
    return feature_BCHW.mean(dim=1, dtype=torch.float32)


def mean_attention(feature_BCHW: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Average over all channels: (B, H, W). Published."""
    return _channel_mean(feature_BCHW)


def left_half(feature_BCHW: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Average over the first half of the channels; the others stay free."""
    return _channel_mean(feature_BCHW[:, : max(feature_BCHW.shape[1] // 2, 1)])


def right_half(feature_BCHW: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Average over the second half of the channels; the others stay free."""
    return _channel_mean(feature_BCHW[:, feature_BCHW.shape[1] // 2 :])


def fixed_share(feature_BCHW: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Average over the first `share` of the channels, at least one."""
    return _channel_mean(feature_BCHW[:, : max(int(feature_BCHW.shape[1] * share), 1)])


def random_share(feature_BCHW: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Average over channels drawn anew for each face, each with probability `share`."""
    chance_BC = torch.full(feature_BCHW.shape[:2], share, device=rng.device)
    kept_BC = torch.bernoulli(chance_BC, generator=rng)
    weights_BC = kept_BC / kept_BC.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.einsum("bc,bchw->bhw", weights_BC, feature_BCHW.float())


ATTENTIONS: dict[str, Attention] = {
    "mean": mean_attention,
    "left_half": left_half,
    "right_half": right_half,
    "fixed_share": fixed_share,
    "random_share": random_share,
}
"""Name -> (features, share of the channels, generator) -> (B, H, W) float32. No ReLU, no abs."""


def _identity(attention_BHW: Tensor) -> Tensor:
    return attention_BHW


def spatial_softmax(attention_BHW: Tensor) -> Tensor:
    """Make every map a distribution over its places."""
    return attention_BHW.flatten(1).softmax(dim=1).view_as(attention_BHW)


NORMALISATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": _identity,
    "softmax": spatial_softmax,
}


def _cosine(attention_BHW: Tensor, heatmap_BHW: Tensor) -> Tensor:
    return F.cosine_similarity(attention_BHW.flatten(1), heatmap_BHW.flatten(1), eps=_EPS)


def cosine_distance(attention_BHW: Tensor, heatmap_BHW: Tensor, sharpness: float) -> Tensor:
    """One minus the cosine of the two maps as vectors, not centred: (B,), in [0, 2]. Published."""
    return 1 - _cosine(attention_BHW, heatmap_BHW)


def standardised_cosine_distance(
    attention_BHW: Tensor, heatmap_BHW: Tensor, sharpness: float
) -> Tensor:
    """One minus the cosine after the attention, not the heatmap, is brought to mean 0 and std 1."""
    std, mean = torch.std_mean(attention_BHW, dim=(1, 2), keepdim=True)
    return 1 - _cosine((attention_BHW - mean) / (std + _STD_EPS), heatmap_BHW)


def l1(attention_BHW: Tensor, heatmap_BHW: Tensor, sharpness: float) -> Tensor:
    """Mean absolute difference: (B,)."""
    return (attention_BHW - heatmap_BHW).abs().mean(dim=(1, 2))


def l2(attention_BHW: Tensor, heatmap_BHW: Tensor, sharpness: float) -> Tensor:
    """Mean squared difference: (B,)."""
    return (attention_BHW - heatmap_BHW).square().mean(dim=(1, 2))


def kl(attention_BHW: Tensor, heatmap_BHW: Tensor, sharpness: float) -> Tensor:
    """Mean over places of KL(heatmap || attention), each place a Bernoulli variable: (B,)."""
    seen, wanted = (torch.stack([1 - one, one]) for one in (attention_BHW, heatmap_BHW))
    least = torch.finfo(seen.dtype).tiny
    divergence = torch.xlogy(wanted, wanted) - wanted * seen.clamp(min=least).log()
    return divergence.sum(dim=0).mean(dim=(1, 2))


def log_barrier(attention_BHW: Tensor, heatmap_BHW: Tensor, sharpness: float) -> Tensor:
    """Extended log barrier of minus the cosine; at sharpness 1 it is `cosine_distance`."""
    return barrier(-_cosine(attention_BHW, heatmap_BHW), sharpness)


def barrier(x: Tensor, sharpness: float) -> Tensor:
    """Log barrier for x <= 0, continued as a line where it would leave its domain.

    Source: Kervadec et al., Constrained deep networks: Lagrangian optimization via log-barrier
    extensions (arXiv 1904.04205).
    """
    edge = 1 / sharpness**2
    line = sharpness * x + (1 + 2 * math.log(sharpness)) / sharpness
    return torch.where(x <= -edge, -(-x).clamp(min=edge).log() / sharpness, line)


@dataclass(frozen=True, slots=True)
class Similarity:
    """How two maps are compared.

    Attributes:
        distance: (attention, heatmap, sharpness) -> (B,), smaller where they agree better.
        of_distributions: it needs distributions, so a softmax is always taken first.
    """

    distance: Distance
    of_distributions: bool = False


SIMILARITIES: dict[str, Similarity] = {
    "cosine": Similarity(cosine_distance),
    "standardised_cosine": Similarity(standardised_cosine_distance),
    "l1": Similarity(l1),
    "l2": Similarity(l2),
    "kl": Similarity(kl, of_distributions=True),
    "log_barrier": Similarity(log_barrier),
}


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


def _layer_sizes(layers: Sequence[Size], image_px: int) -> tuple[Size, ...]:
    return tuple(dict.fromkeys(layers))


def _image_size(layers: Sequence[Size], image_px: int) -> tuple[Size, ...]:
    return ((image_px, image_px),)


@dataclass(frozen=True, slots=True)
class Resize:
    """How a heatmap is resized to an attention's size.

    Attributes:
        sizes: (sizes of the attentions, image_px) -> sizes at which batches carry heatmaps.
        resize: from one of these to an attention's where none fits.
    """

    sizes: Callable[[Sequence[Size], int], tuple[Size, ...]]
    resize: Callable[[Tensor, Sequence[int]], Tensor]


RESIZES: dict[str, Resize] = {
    "half_pixel": Resize(_layer_sizes, half_pixel_resize),
    "published": Resize(_image_size, published_resize),
}
"""`half_pixel` samples heatmaps straight at the size of every layer, so that it never resizes."""


def target_sizes(
    layers: Sequence[int], resize: str, features: Sequence[Tensor], image_px: int
) -> tuple[Size, ...]:
    """Return the sizes at which a batch has to carry its heatmaps.

    Args:
        layers: levels, from 1, whose attention is compared with a heatmap.
        resize: name in RESIZES.
        features: a model's activations (B, C, H, W) of any picture, shallow to deep.
        image_px: side of a picture.

    Raises:
        UsageError: if the model has no such layer, or the resize is not known.
    """
    if not all(1 <= layer <= len(features) for layer in layers):
        raise UsageError(
            "train.alignment.layers",
            f"{list(layers)}: this backbone has layers 1 to {len(features)}.",
        )
    shapes = [features[layer - 1].shape for layer in layers]
    return pick(RESIZES, resize, "resize").sizes(
        [(shape[-2], shape[-1]) for shape in shapes], image_px
    )


@dataclass(frozen=True, slots=True)
class Alignment:
    """The loss, with its parts chosen.

    Attributes:
        layers: which levels, from 1; the result is their mean.
        weight: factor, lambda of the paper.
        attention: from a level's activations to a map.
        distance: between two maps, after a number of epochs.
        resize: brings the heatmap to the attention's size where they differ.
    """

    layers: tuple[int, ...]
    weight: float
    attention: Callable[[Tensor, torch.Generator], Tensor]
    distance: Callable[[Tensor, Tensor, int], Tensor]
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
            attention_BHW = self.attention(forward.features[layer - 1], batch.rng)
            target_BHW = self._target(batch, attention_BHW.shape[-2:])
            distance_B = self.distance(attention_BHW, target_BHW, batch.epoch)
            losses.append((distance_B * counted_B).sum() / counted_B.sum().clamp(min=1))
        return self.weight * torch.stack(losses).mean()

    def _target(self, batch: Batch, size: Sequence[int]) -> Tensor:
        for maps_B1hw in batch.maps:
            if maps_B1hw.shape[-2:] == size:
                return maps_B1hw[:, 0]
        return self.resize(batch.maps[0], size)[:, 0]


def alignment(params: AlignmentParams) -> Alignment:
    """Return the alignment loss with its parts chosen by name.

    Raises:
        UsageError: if a part is not known.
    """
    attend = pick(ATTENTIONS, params.attention, "attention")
    similarity = pick(SIMILARITIES, params.similarity, "similarity")
    chosen = pick(NORMALISATIONS, params.normalise, "normalisation")
    normalise = spatial_softmax if similarity.of_distributions else chosen
    return Alignment(
        layers=params.layers,
        weight=params.weight,
        attention=lambda feature, rng: normalise(attend(feature, params.share, rng)),
        distance=lambda attention, heatmap, epoch: similarity.distance(
            attention, heatmap, min(params.sharpness * params.sharpness_growth**epoch, _SHARPEST)
        ),
        resize=pick(RESIZES, params.resize, "resize").resize,
    )
