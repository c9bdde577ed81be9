"""Black-box maps: where hiding a part of the picture lowers the probability of a class.

They need a model that answers pictures with probabilities, and nothing of its inside: no features,
no gradient. Hidden places show a blurred picture.
Shapes: B batch, S side of the picture, K classes, N masks, h w rows and columns of a map.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from train.device import send
from train.images import blur_images
from train.options import OcclusionOptions, RiseOptions

Probabilities = Callable[[Tensor], Tensor]
"""(pictures (B, 3, S, S), RGB in [0, 1]) -> probabilities (B, K)."""

Masks = Callable[[int, int, int], Tensor]
"""(first, last, side) -> masks (1 or B, n, side, side): the share of each pixel that stays."""


class BlackBoxMap(NamedTuple):
    """A map, and how far chance moved it.

    Attributes:
        maps_Bhw: importance of every place for the class: how much the probability falls without
            it. May be negative.
        parts_GBhw: the same map without one of G equal portions of the masks: jackknife them for
            a standard error. G = 0 for a method without chance.
    """

    maps_Bhw: Tensor
    parts_GBhw: Tensor


BlackBoxMethod = Callable[[Probabilities, Tensor, Tensor], BlackBoxMap]
"""(probabilities, pictures (B, 3, S, S), classes (B,)) -> maps."""


@dataclass(frozen=True, slots=True)
class BlackBox:
    """A black-box method with its options.

    Attributes:
        method: computes the maps.
        passes: of the model per face.
    """

    method: BlackBoxMethod
    passes: int


def masked_probabilities(
    probabilities: Probabilities, images_B3SS: Tensor, fill_B3SS: Tensor, masks: Masks, count: int
) -> Iterator[Tensor]:
    """Yield the probabilities (B, n, K) under masks, some masks at a time.

    Args:
        probabilities: of the model.
        images_B3SS: pictures.
        fill_B3SS: what is seen where a mask is 0.
        masks: as many as `count`.
        count: of masks.
    """
    faces, side = len(images_B3SS), images_B3SS.shape[-1]
    at_once = max(1, _PICTURES_AT_ONCE // faces)
    for first in range(0, count, at_once):
        kept_BNSS = send(masks(first, min(first + at_once, count), side), images_B3SS.device)
        hidden = torch.lerp(fill_B3SS[:, None], images_B3SS[:, None], kept_BNSS[:, :, None])
        seen_MK = probabilities(hidden.flatten(0, 1))
        yield seen_MK.reshape(faces, -1, seen_MK.shape[1])


_PICTURES_AT_ONCE = 64


def occlusion(options: OcclusionOptions) -> BlackBox:
    """Hide one square after another; a place counts the mean loss of the squares that cover it.

    Source: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014.
    """
    cells, patch = options.cells, min(options.patch, options.cells)
    corners = [(y, x) for y in range(cells - patch + 1) for x in range(cells - patch + 1)]
    covers_Nhw = torch.zeros(len(corners), cells, cells)
    for mask, (y, x) in zip(covers_Nhw, corners, strict=True):
        mask[y : y + patch, x : x + patch] = 1

    def masks(first: int, last: int, side: int) -> Tensor:
        return 1 - F.interpolate(covers_Nhw[None, first:last], [side, side], mode="nearest-exact")

    def method(probabilities: Probabilities, images_B3SS: Tensor, classes_B: Tensor) -> BlackBoxMap:
        fill_B3SS = blur_images(images_B3SS)
        whole_B = chosen_class(probabilities(images_B3SS)[:, None], classes_B)
        hidden = masked_probabilities(probabilities, images_B3SS, fill_B3SS, masks, len(corners))
        loss_BN = whole_B - torch.cat([chosen_class(one, classes_B) for one in hidden], dim=1)
        covers = send(covers_Nhw, loss_BN.device)
        maps_Bhw = torch.einsum("bn,nyx->byx", loss_BN, covers) / covers.sum(dim=0)
        return BlackBoxMap(maps_Bhw, maps_Bhw.new_zeros((0, *maps_Bhw.shape)))

    return BlackBox(method, len(corners) + 1)


def rise(options: RiseOptions) -> BlackBox:
    """Show random parts; a place counts how much showing it goes with a higher probability.

    The covariance of mask and probability: the published sum, without the mean that is the same
    everywhere but for chance. All faces see the same masks.

    Source: Petsiuk et al., RISE, BMVC 2018.
    """
    rng = np.random.default_rng(options.seed)
    cells = options.cells
    grids = rng.random((options.masks, cells + 1, cells + 1), np.float32) < options.shown
    shifts_N2 = rng.random((options.masks, 2))
    grids_N = torch.from_numpy(grids.astype(np.float32))

    def masks(first: int, last: int, side: int) -> Tensor:
        cell = -(-side // cells)
        shape = [(cells + 1) * cell] * 2
        large = F.interpolate(grids_N[None, first:last], shape, mode="bilinear")[0]
        starts = (shifts_N2[first:last] * cell).astype(int)
        return torch.stack(
            [
                one[y : y + side, x : x + side]
                for one, (y, x) in zip(large, starts.tolist(), strict=True)
            ]
        )[None]

    def method(probabilities: Probabilities, images_B3SS: Tensor, classes_B: Tensor) -> BlackBoxMap:
        fill_B3SS = blur_images(images_B3SS)
        hidden = masked_probabilities(probabilities, images_B3SS, fill_B3SS, masks, options.masks)
        scores_BN = torch.cat([chosen_class(one, classes_B) for one in hidden], dim=1)
        scores_BN = scores_BN - scores_BN.mean(dim=1, keepdim=True)  # keeps float32 exact
        kept_NP = send(masks(0, options.masks, MAP_SIDE)[0].flatten(1), scores_BN.device)
        groups = [slice(start, None, GROUPS) for start in range(GROUPS)]
        sums = torch.stack([_sums(scores_BN[:, one], kept_NP[one]) for one in groups])
        whole = sums.sum(dim=0)
        shape = (-1, MAP_SIDE, MAP_SIDE)
        parts = [_covariance(whole - one).reshape(shape) for one in sums]
        return BlackBoxMap(_covariance(whole).reshape(shape), torch.stack(parts))

    return BlackBox(method, options.masks)


MAP_SIDE = 28
"""Side of RISE's maps: finer than its cells."""

GROUPS = 10
"""Portions of the masks, of which the jackknife leaves out one at a time."""


def _sums(scores_BN: Tensor, kept_NP: Tensor) -> Tensor:
    """Return, per face and pixel, what a covariance needs: sums of both, of one each, the count."""
    product_BP = scores_BN @ kept_NP
    scores_BP = scores_BN.sum(dim=1, keepdim=True).expand_as(product_BP)
    kept_BP = kept_NP.sum(dim=0).expand_as(product_BP)
    count_BP = torch.full_like(product_BP, len(kept_NP))
    return torch.stack([product_BP, scores_BP, kept_BP, count_BP])


def _covariance(sums: Tensor) -> Tensor:
    product_BP, scores_BP, kept_BP, count_BP = sums
    result: Tensor = product_BP / count_BP - scores_BP * kept_BP / count_BP.square()
    return result


def chosen_class(values_BNK: Tensor, classes_B: Tensor) -> Tensor:
    """Take each face's class: (B, N)."""
    return values_BNK[torch.arange(len(classes_B), device=classes_B.device), :, classes_B]


BLACK_BOX_METHODS: dict[str, Callable[..., BlackBox]] = {"occlusion": occlusion, "rise": rise}
"""Name -> (its options) -> the method. By region: train.evaluation.region_importance."""
