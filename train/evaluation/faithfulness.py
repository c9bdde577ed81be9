"""Is what a map calls important what the model used? Hide it first, or show it first, and look.

Deletion replaces pixels by the mean colour, those that the map ranks highest first; a faithful map
makes the probability of the expression drop at once, so a low area is good. Insertion shows pixels
in the same order on a blurred picture; a high area is good. A random map is scored beside them.

Shapes: B batch, H W of the picture, K = steps + 1 stages from nothing to everything.
Source: Petsiuk et al., RISE, BMVC 2018.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from train.evaluation.measure import Looks, Measured, Setup
from train.images import eval_images

ORDERS = ("cam", "attention", "random")
WAYS = ("deletion", "insertion")
_BLUR = 16
"""The blurred picture is one that was shrunk by this and enlarged again."""
_RANDOM_SIDE = 7
"""The random map is as coarse as a deep layer: noise of single pixels would hide nothing."""

Probability = Callable[[Tensor], Tensor]


def faithfulness(
    setup: Setup, looks: Looks, measured: Measured, rows_B: NDArray[np.int64], steps: int
) -> NDArray[np.float32]:
    """Measure deletion and insertion of one batch.

    Args:
        setup: model and sizes.
        looks: the batch.
        measured: its maps.
        rows_B: of the store; they seed the random maps, so that batches do not matter.
        steps: how often a share of the pixels is replaced and the model asked again.

    Returns:
        (B, orders, ways): areas under the probability of the face's own expression, in [0, 1].
    """
    labels_B = torch.from_numpy(looks.labels_B).to(setup.device)

    def probability(images_B3HW: Tensor) -> Tensor:
        chances_BK: Tensor = setup.model(images_B3HW).logits_BK.float().softmax(dim=1)
        return chances_BK.gather(1, labels_B[:, None])[:, 0]

    with torch.no_grad():
        images = eval_images(looks.images_BHW3.to(setup.device), setup.image_px)
        maps = {
            "cam": torch.from_numpy(measured.cam_BSS),
            "attention": torch.from_numpy(measured.attention_BSS),
            "random": torch.from_numpy(_random_maps(rows_B)),
        }
        areas = [_areas(images, maps[name].to(setup.device), probability, steps) for name in ORDERS]
    return np.asarray(torch.stack(areas, dim=1).cpu().numpy())


def _random_maps(rows_B: NDArray[np.int64]) -> NDArray[np.float32]:
    shape = (_RANDOM_SIDE, _RANDOM_SIDE)
    return np.stack([np.random.default_rng(row).random(shape, np.float32) for row in rows_B])


def _areas(images: Tensor, maps_Bhw: Tensor, probability: Probability, steps: int) -> Tensor:
    """Return the areas (B, 2) under deletion and insertion in the order of one map."""
    rank_B1HW = ranks(maps_Bhw, images.shape[-1])
    empty, blurred = torch.zeros_like(images), _blurred(images)
    stages = [place / steps for place in range(steps + 1)]
    deletion = [probability(torch.where(rank_B1HW < stage, empty, images)) for stage in stages]
    insertion = [probability(torch.where(rank_B1HW < stage, images, blurred)) for stage in stages]
    return torch.stack([area(torch.stack(curve)) for curve in (deletion, insertion)], dim=1)


def ranks(maps_Bhw: Tensor, side: int) -> Tensor:
    """Rank the pixels of the picture by a map, highest first: (B, 1, side, side) in [0, 1).

    Equal values are ranked by their place.
    """
    enlarged = F.interpolate(maps_Bhw[:, None], [side, side], mode="bilinear").flatten(1)
    order = enlarged.argsort(dim=1, descending=True, stable=True)
    places = torch.arange(side * side, device=order.device, dtype=torch.float32) / (side * side)
    ranked = torch.zeros_like(enlarged).scatter(1, order, places.expand_as(enlarged))
    return ranked.reshape(-1, 1, side, side)


def area(curve_KB: Tensor) -> Tensor:
    """Return the area (B,) under curves over [0, 1], by the trapezoid rule."""
    return (curve_KB[1:] + curve_KB[:-1]).mean(dim=0) / 2


def _blurred(images: Tensor) -> Tensor:
    side = images.shape[-1]
    coarse = [max(1, side // _BLUR)] * 2
    return F.interpolate(
        F.interpolate(images, coarse, mode="bilinear", antialias=True),
        [side, side],
        mode="bilinear",
    )
