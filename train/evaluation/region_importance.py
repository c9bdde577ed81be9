"""What if this action unit's region is hidden: how much the probability of the expression falls.

Every region is hidden on its face, and so is its shape at a random place of the same picture: what
is not above that floor is the cost of any hole of this size.

Shapes: B batch, N faces, U distinct regions (several AUs may share one), S side of the picture,
K expressions.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from anatomy.codebooks import Codebook
from measures.hidden_regions import region_set
from train.device import receive, send
from train.images import blur_images
from train.methods.black_box import Probabilities, chosen_class, masked_probabilities

F32 = NDArray[np.float32]
Fill = Callable[[Tensor, Tensor], Tensor]

FILLS: dict[str, Fill] = {
    "blur": lambda images_B3SS, mean_13SS: blur_images(images_B3SS),
    "mean_face": lambda images_B3SS, mean_13SS: mean_13SS.expand_as(images_B3SS),
}
"""(pictures, mean face (1, 3, S, S)) -> what is seen instead of a hidden region."""


class RegionDrops(NamedTuple):
    """How much the probability of the face's expression falls.

    Attributes:
        drop_BU: when the region is hidden; NaN where the face has none.
        elsewhere_BU: when its shape is hidden at a random place.
        area_BU: share of the picture that is hidden.
    """

    drop_BU: F32
    elsewhere_BU: F32
    area_BU: F32


def region_drops(
    probabilities: Probabilities,
    images_B3SS: Tensor,
    fill_B3SS: Tensor,
    regions: tuple[Tensor, Tensor],
    classes_B: Tensor,
    seeds_B: NDArray[np.int64],
) -> RegionDrops:
    """Hide every region of a batch, and its shape elsewhere.

    Args:
        probabilities: of the model.
        images_B3SS: RGB in [0, 1].
        fill_B3SS: what is seen instead.
        regions: (B, U, s, s) in [0, 1], and whether each is there (B, U).
        classes_B: expressions.
        seeds_B: decide where the shapes go; one per face, so the batch does not matter.
    """
    regions_BUss, present_BU = (torch.from_numpy(one) for one in receive(regions))
    placed = [
        _elsewhere(one.numpy(), np.random.default_rng(seed))
        for one, seed in zip(regions_BUss, seeds_B, strict=True)
    ]
    hidden_BMss = torch.cat([regions_BUss, torch.from_numpy(np.stack(placed))], dim=1)

    def masks(first: int, last: int, side: int) -> Tensor:
        wanted = send(hidden_BMss[:, first:last], images_B3SS.device)
        return 1 - F.interpolate(wanted, [side, side], mode="bilinear").clamp(0, 1)

    whole_B1 = chosen_class(probabilities(images_B3SS)[:, None], classes_B)
    count = hidden_BMss.shape[1]
    parts = masked_probabilities(probabilities, images_B3SS, fill_B3SS, masks, count)
    drops_BM = whole_B1 - torch.cat([chosen_class(one, classes_B) for one in parts], dim=1)
    (received_BM,) = receive([drops_BM])
    shown_BM = np.where(present_BU.repeat(1, 2).numpy(), received_BM, np.nan)
    drop, elsewhere = shown_BM.reshape(len(shown_BM), 2, -1).transpose(1, 0, 2)
    return RegionDrops(drop, elsewhere, regions_BUss.mean(dim=(2, 3)).numpy())


def passes(codebook: Codebook) -> int:
    """Return how many passes of the model `region_drops` takes per face."""
    return 1 + 2 * len(region_set(codebook).units)


def _elsewhere(regions_Uss: F32, rng: np.random.Generator) -> F32:
    """Move every region to a random place where all of it lies in the picture."""
    moved = np.zeros_like(regions_Uss)
    side = regions_Uss.shape[-1]
    for region, target in zip(regions_Uss, moved, strict=True):
        rows, columns = (np.flatnonzero(region.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            continue
        part = region[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        y, x = (rng.integers(side - length + 1) for length in part.shape)
        target[y : y + part.shape[0], x : x + part.shape[1]] = part
    return moved
