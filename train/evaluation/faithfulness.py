"""Faithfulness: does the model use the pixels that a map ranks highest?

Deletion replaces pixels by the mean colour, the highest-ranked first. With a faithful map the
probability of the expression drops at once, so a low area under the curve is good. Insertion shows
pixels in the same order on a blurred picture; a high area is good. A random map is the reference.

Shapes: B batch, H W of the picture, K = steps + 1 points of a curve, from nothing to everything.
Source: Petsiuk et al., RISE, BMVC 2018.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from measures.faces import CURVES, ORDERS
from train.device import constant, receive, send
from train.evaluation.networks import EvalModel
from train.images import MEAN, blur_images

_RANDOM_SIDE = 7
"""The random map is as coarse as a deep layer: noise of single pixels would hide nothing."""


def faithfulness(
    model: EvalModel,
    images_B3SS: Tensor,
    labels_B: Tensor,
    maps: Mapping[str, Tensor],
    rows_B: NDArray[np.int64],
    steps: int,
) -> NDArray[np.float32]:
    """Measure deletion and insertion of one batch.

    Args:
        model: what to run.
        images_B3SS: RGB in [0, 1].
        labels_B: expressions.
        maps: cam and attention (B, h, w).
        rows_B: of the store; they seed the random maps, so the batch size does not matter.
        steps: in how many steps the pixels are replaced.

    Returns:
        (B, orders, curves): areas under the probability of the face's own expression, in [0, 1];
        NaN in the order of a map that is the same everywhere, such as one that there is not.
    """
    fills = _Fills(images_B3SS)

    def probability(seen_B3SS: Tensor) -> Tensor:
        probabilities_BK = model.network(seen_B3SS).probabilities_BV
        return probabilities_BK.gather(1, labels_B[:, None])[:, 0]

    ends = [probability(one) for one in (fills.images, fills.empty, fills.blurred)]
    ordered = {**maps, "random": send(torch.from_numpy(_random_maps(rows_B)), images_B3SS.device)}
    areas = [_areas(fills, ordered[name], probability, ends, steps) for name in ORDERS]
    return receive([torch.stack(areas, dim=1)])[0]


def passes(steps: int) -> int:
    """Return how many passes of the model `faithfulness` takes per face."""
    return 3 + len(ORDERS) * len(CURVES) * (steps - 1)


def _random_maps(rows_B: NDArray[np.int64]) -> NDArray[np.float32]:
    shape = (_RANDOM_SIDE, _RANDOM_SIDE)
    return np.stack([np.random.default_rng(row).random(shape, np.float32) for row in rows_B])


class _Fills:
    """A batch, and what its pixels are replaced by: the mean colour, or a blurred picture."""

    def __init__(self, images_B3SS: Tensor) -> None:
        self.images, self.blurred = images_B3SS, blur_images(images_B3SS)
        colour_3 = constant(MEAN, images_B3SS.device, images_B3SS.dtype)
        self.empty = colour_3[None, :, None, None].expand_as(images_B3SS)


def _areas(
    fills: _Fills,
    maps_Bhw: Tensor,
    probability: Callable[[Tensor], Tensor],
    ends: Sequence[Tensor],
    steps: int,
) -> Tensor:
    """Return the areas (B, 2) under deletion and insertion in the order of one map.

    ends: probabilities (B,) of the picture, of the mean colour and of the blurred picture.
    """
    rank_B1HW = ranks(maps_Bhw, fills.images.shape[-1])
    whole_B, empty_B, blurred_B = ends
    deletion, insertion = [whole_B], [blurred_B]
    for step in range(1, steps):
        first = rank_B1HW < step / steps
        deletion.append(probability(torch.where(first, fills.empty, fills.images)))
        insertion.append(probability(torch.where(first, fills.images, fills.blurred)))
    areas_B2 = torch.stack(
        [area(torch.stack(curve)) for curve in ([*deletion, empty_B], [*insertion, whole_B])], dim=1
    )
    varies_B = maps_Bhw.amax(dim=(1, 2)) > maps_Bhw.amin(dim=(1, 2))
    return torch.where(varies_B[:, None], areas_B2, torch.nan)


def ranks(maps_Bhw: Tensor, side: int) -> Tensor:
    """Rank the pixels of the picture by a map, highest first: (B, 1, side, side) in [0, 1).

    Equal values are ranked by their position.
    """
    enlarged = F.interpolate(maps_Bhw[:, None], [side, side], mode="bilinear").flatten(1)
    order = enlarged.argsort(dim=1, descending=True, stable=True)
    positions = torch.arange(side * side, device=order.device, dtype=torch.float32) / (side * side)
    ranked = torch.zeros_like(enlarged).scatter(1, order, positions.expand_as(enlarged))
    return ranked.reshape(-1, 1, side, side)


def area(curve_KB: Tensor) -> Tensor:
    """Return the area (B,) under curves over [0, 1], by the trapezoid rule."""
    return (curve_KB[1:] + curve_KB[:-1]).mean(dim=0) / 2
