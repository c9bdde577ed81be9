"""PAL: a layer's contributions to the logits have to lie at the landmarks, or at the AUs.

Unlike AU alignment it looks at gradients, so the loss is of second order.
Shapes: B batch, C channels, H W rows and columns of a level, M maps, K expressions.
Source: Bonnard et al., Privileged Attribution Constrained Deep Networks for Facial Expression
Recognition, ICPR 2022 (arXiv 2203.12905). What the paper's summaries leave open is a choice here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from errors import UsageError
from train.methods import LEVELS
from train.methods.au_alignment import half_pixel_resize
from train.methods.base import Classifier, TrainingStrategy, forward_once
from train.options import AttributionParams, NoOptions
from train.records import Batch, Forward, Loss

_CANVAS_PX = 112
"""Side of the canvas on which landmarks are drawn."""

_EPS = 1e-6


def second_order(params: NoOptions) -> TrainingStrategy:
    """Run attention by the one implementation that has second-order gradients."""

    def forward(model: Classifier, batch: Batch) -> Forward:
        with sdpa_kernel(SDPBackend.MATH):
            return forward_once(model, batch)

    return TrainingStrategy(forward=forward)


def _sum(logits_BK: Tensor, labels_B: Tensor) -> Tensor:
    return logits_BK.sum()


def _absolute_sum(logits_BK: Tensor, labels_B: Tensor) -> Tensor:
    return logits_BK.abs().sum()


def _true_class(logits_BK: Tensor, labels_B: Tensor) -> Tensor:
    return logits_BK.gather(1, labels_B[:, None]).sum()


SCORES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sum": _sum,
    "abs_sum": _absolute_sum,
    "true_class": _true_class,
}
"""Name -> (logits (B, K), labels) -> what of a batch is attributed, a scalar."""


def _gradient(gradient_BCHW: Tensor, level_BCHW: Tensor) -> Tensor:
    return gradient_BCHW.abs()


def _gradient_times_input(gradient_BCHW: Tensor, level_BCHW: Tensor) -> Tensor:
    return gradient_BCHW.abs() * level_BCHW


KINDS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "grad": _gradient,
    "grad_input": _gradient_times_input,
}
"""Name -> (gradient, activations) -> attribution (B, C, H, W)."""


def _each(attribution_BCHW: Tensor) -> Tensor:
    return attribution_BCHW


def _averaged(attribution_BCHW: Tensor) -> Tensor:
    return attribution_BCHW.mean(dim=1, keepdim=True)


def _half(attribution_BCHW: Tensor) -> Tensor:
    return _averaged(attribution_BCHW[:, : max(attribution_BCHW.shape[1] // 2, 1)])


CHANNELS: dict[str, Callable[[Tensor], Tensor]] = {"all": _each, "mean": _averaged, "half": _half}
"""Which maps are compared, (B, C, H, W) -> (B, M, H, W): every channel's, their mean, or that of
their first half, which leaves the others free. The sum of all channels, which some call `all`, is
`mean` here: standardisation cancels the factor."""


def _population(maps_BMP: Tensor) -> tuple[Tensor, Tensor]:
    variance_BM1, mean_BM1 = torch.var_mean(maps_BMP, dim=2, correction=0, keepdim=True)
    return mean_BM1, variance_BM1


def _sums(maps_BMP: Tensor) -> tuple[Tensor, Tensor]:
    total_BM1 = maps_BMP.sum(dim=2, keepdim=True)
    return total_BM1, (maps_BMP - total_BM1).square().sum(dim=2, keepdim=True)


MOMENTS: dict[str, Callable[[Tensor], tuple[Tensor, Tensor]]] = {
    "mean": _population,
    "sum": _sums,
}
"""From maps (B, M, places) to what is subtracted and the square of what divides, (B, M, 1): mean
and variance; or, as a formula has it that is often copied, their sums without the number of places.
That centre is far above every value, so the loss then hardly depends on where attribution lies."""


def _sum_all(products_BMP: Tensor, heatmap_BP: Tensor) -> Tensor:
    return products_BMP.sum(dim=(1, 2))


def _mean(products_BMP: Tensor, heatmap_BP: Tensor) -> Tensor:
    return products_BMP.mean(dim=(1, 2))


def _pearson(products_BMP: Tensor, heatmap_BP: Tensor) -> Tensor:
    spread_B = heatmap_BP.var(dim=1, correction=0).add(_EPS**2).sqrt()
    return _mean(products_BMP, heatmap_BP) / spread_B


REDUCTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sum": _sum_all,
    "mean": _mean,
    "pearson": _pearson,
}
"""From products (B, M, places) of standardised attribution and heatmap to (B,): their sum (PAL's),
their mean over places and maps, or the mean correlation of the maps with the heatmap."""


def landmark_heatmap(points_B682: Tensor, size: Sequence[int], sigma_px: float) -> Tensor:
    """Draw a Gaussian of height one at every landmark, and sum them: (B, H, W).

    Args:
        points_B682: (x, y), the picture's edges at -1 and 1; NaN where a face has none, whose map
            is zero.
        size: H and W, averaged down from the canvas.
        sigma_px: px of the canvas.
    """
    points_B682 = (points_B682 + 1) * (_CANVAS_PX / 2) - 0.5
    places_S = torch.arange(_CANVAS_PX, device=points_B682.device, dtype=points_B682.dtype)
    away_B682S = (places_S - points_B682[..., None]) / sigma_px
    bumps_B682S = (-0.5 * away_B682S.square()).exp().nan_to_num()
    drawn_BSS = torch.einsum("bpx,bpy->byx", bumps_B682S[:, :, 0], bumps_B682S[:, :, 1])
    return F.adaptive_avg_pool2d(drawn_BSS, (size[0], size[1]))


def stored_heatmap(batch: Batch, size: Sequence[int]) -> Tensor:
    """Take the run's heatmap at this size, resized if need be."""
    sized = [maps_B1hw for maps_B1hw in batch.maps if maps_B1hw.shape[-2:] == size]
    return (sized[0] if sized else half_pixel_resize(batch.maps[0], size))[:, 0]


def _to_one(maps_BHW: Tensor) -> Tensor:
    tiny = torch.finfo(maps_BHW.dtype).tiny
    return maps_BHW / maps_BHW.amax(dim=(1, 2), keepdim=True).clamp(min=tiny)


def _as_it_is(maps_BHW: Tensor) -> Tensor:
    return maps_BHW


HEATMAP_SCALES: dict[str, Callable[[Tensor], Tensor]] = {"one": _to_one, "none": _as_it_is}
"""What becomes of heatmaps (B, H, W), with which the loss grows: their highest place at one, or
nothing: a place may then hold several landmarks, and a small face gets a larger loss."""


@dataclass(frozen=True, slots=True)
class Target:
    """What attribution is compared with.

    Attributes:
        maps: (batch, H and W, sigma_px) -> (B, H, W).
        faces: (batch) -> whether each face has one: (B,).
        points: whether batches have to carry landmarks.
    """

    maps: Callable[[Batch, Sequence[int], float], Tensor]
    faces: Callable[[Batch], Tensor]
    points: bool


def _points(batch: Batch) -> Tensor:
    assert batch.points_B682 is not None  # Loss.needs_points
    return batch.points_B682


TARGETS: dict[str, Target] = {
    "landmarks": Target(
        lambda batch, size, sigma_px: landmark_heatmap(_points(batch), size, sigma_px),
        lambda batch: _points(batch).isfinite().all(dim=(1, 2)),
        points=True,
    ),
    "stored": Target(
        lambda batch, size, sigma_px: stored_heatmap(batch, size),
        lambda batch: batch.valid_B,
        points=False,
    ),
}
"""Drawn at all 68 landmarks; or the run's heatmaps, of the kind train.alignment.heatmap."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """The loss, with its parts chosen; see AttributionParams."""

    params: AttributionParams
    kind: Callable[[Tensor, Tensor], Tensor]
    score: Callable[[Tensor, Tensor], Tensor]
    strategy: Callable[[Tensor], Tensor]
    moments: Callable[[Tensor], tuple[Tensor, Tensor]]
    reduction: Callable[[Tensor, Tensor], Tensor]
    target: Target
    scale: Callable[[Tensor], Tensor]

    def __call__(self, forward: Forward, batch: Batch) -> Tensor:
        """Return minus the agreement of attribution and heatmap, over the faces that have one.

        Returns:
            Scalar: weight times the mean over counted faces; 0 if no face counts. Attribution's
            scale plays no part.
        """
        with torch.autocast(forward.logits_BK.device.type, enabled=False):
            maps_BMP = self._maps(forward, batch.labels_B).flatten(2)
            size = forward.features[self.params.layer - 1].shape[-2:]
            target_BHW = self.target.maps(batch, size, self.params.sigma_px)
            heatmap_BP = self.scale(target_BHW).flatten(1)
            centre_BM1, square_BM1 = self.moments(maps_BMP)
            standard_BMP = (maps_BMP - centre_BM1) * (square_BM1 + _EPS**2).rsqrt()
            agreement_B = self.reduction(standard_BMP * heatmap_BP[:, None], heatmap_BP)
            counted_B = self.target.faces(batch).to(agreement_B.dtype)
            return -self.params.weight * (agreement_B * counted_B).sum() / counted_B.sum().clamp(1)

    def _maps(self, forward: Forward, labels_B: Tensor) -> Tensor:
        level_BCHW = forward.features[self.params.layer - 1]
        # Times the places, because a pooled head's gradient is its weights over them, too little
        # for half precision. A factor is lost in the standardisation.
        score = self.score(_as_float32(forward.logits_BK), labels_B) * level_BCHW[0, 0].numel()
        (gradient_BCHW,) = torch.autograd.grad(score, level_BCHW, create_graph=True)
        return self.strategy(self.kind(_as_float32(gradient_BCHW), _as_float32(level_BCHW)))


def _as_float32(values: Tensor) -> Tensor:
    """Return half-precision values in single precision, others as they are."""
    return values.float() if values.dtype in (torch.half, torch.bfloat16) else values


def attribution(params: AttributionParams) -> Loss:
    """Return the attribution loss with its parts chosen by name."""
    target = TARGETS[params.heatmap]
    function = Attribution(
        params,
        KINDS[params.kind],
        SCORES[params.score],
        CHANNELS[params.strategy],
        MOMENTS[params.moments],
        REDUCTIONS[params.reduction],
        target,
        HEATMAP_SCALES[params.heatmap_scale],
    )

    def check(model: Classifier) -> None:
        constant = params.layer == LEVELS and model.head.class_weights() is not None
        if constant and function.kind is _gradient:
            raise UsageError(
                "losses.attribution.kind",
                f"grad at level {LEVELS} under a pooled linear layer is the same at every place, "
                "so there is nothing to align. Use grad_input, an earlier layer, or method pal_fc.",
            )

    return Loss(
        function,
        count=lambda batch: target.faces(batch).sum(),
        needs_points=target.points,
        needs_maps=not target.points,
        level=None if target.points else params.layer,
        check=check,
    )
