"""Faithfulness: does the model use the pixels that a map ranks highest?

Deletion replaces pixels by the mean colour, the highest-ranked first. With a faithful map the
probability of the expression drops at once, so a low area under the curve is good. Insertion shows
pixels in the same order on a blurred picture; a high area is good. A random map is the reference.

Shapes: B batch, H W of the picture, K = steps + 1 points of a curve, from nothing to everything.
Source: Petsiuk et al., RISE, BMVC 2018.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from measures.faces import ORDERS
from train.device import send
from train.evaluation.batch import EvalBatch, EvalModel, EvalOutputs
from train.images import blur_images, eval_images

_RANDOM_SIDE = 7
"""The random map is as coarse as a deep layer: noise of single pixels would hide nothing."""

Probability = Callable[[Tensor], Tensor]


def faithfulness(
    model: EvalModel,
    batch: EvalBatch,
    outputs: EvalOutputs,
    rows_B: NDArray[np.int64],
    steps: int,
) -> NDArray[np.float32]:
    """Measure deletion and insertion of one batch.

    Args:
        model: what to run.
        batch: of faces.
        outputs: the batch's maps.
        rows_B: of the store; they seed the random maps, so the batch size does not matter.
        steps: in how many steps the pixels are replaced.

    Returns:
        (B, orders, curves): areas under the probability of the face's own expression, in [0, 1].
    """
    labels_B = send(torch.from_numpy(batch.labels_B), model.device)

    def probability(images_B3HW: Tensor) -> Tensor:
        probabilities_BK: Tensor = model.classifier(images_B3HW).logits_BK.float().softmax(dim=1)
        return probabilities_BK.gather(1, labels_B[:, None])[:, 0]

    with torch.no_grad():
        images = eval_images(send(batch.images_BHW3, model.device), model.image_px)
        maps = {
            "cam": torch.from_numpy(outputs.cam_BSS),
            "attention": torch.from_numpy(outputs.attention_BSS),
            "random": torch.from_numpy(_random_maps(rows_B)),
        }
        areas = [
            _areas(images, send(maps[name], model.device), probability, steps) for name in ORDERS
        ]
    return np.asarray(torch.stack(areas, dim=1).cpu().numpy())


def _random_maps(rows_B: NDArray[np.int64]) -> NDArray[np.float32]:
    shape = (_RANDOM_SIDE, _RANDOM_SIDE)
    return np.stack([np.random.default_rng(row).random(shape, np.float32) for row in rows_B])


def _areas(images: Tensor, maps_Bhw: Tensor, probability: Probability, steps: int) -> Tensor:
    """Return the areas (B, 2) under deletion and insertion in the order of one map."""
    rank_B1HW = ranks(maps_Bhw, images.shape[-1])
    empty, blurred = torch.zeros_like(images), blur_images(images)
    shares = [step / steps for step in range(steps + 1)]
    deletion = [probability(torch.where(rank_B1HW < share, empty, images)) for share in shares]
    insertion = [probability(torch.where(rank_B1HW < share, images, blurred)) for share in shares]
    return torch.stack([area(torch.stack(curve)) for curve in (deletion, insertion)], dim=1)


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
