"""CutMix: a box of another face is pasted into picture and map, and the label is shared by area.

Shapes: B batch, C channels, H W rows and columns, K expressions.
"""

from dataclasses import replace

import torch
from torch import Tensor

from train.device import constant
from train.methods.base import TrainingStrategy
from train.options import CutMixParams
from train.records import Batch


def cutmix(params: CutMixParams) -> TrainingStrategy:
    """Paste one box of every face's partner into picture and map, and share the label by area.

    Source: Yun et al., CutMix, ICCV 2019; maps: Belharbi et al., FG 2024.
    """

    def prepare_batch(batch: Batch, classes: int) -> Batch:
        rng, device = batch.rng, batch.rng.device
        random_4 = torch.rand(4, generator=rng, device=device)
        partners_B = torch.randperm(len(batch.labels_B), generator=rng, device=device)
        edges_22 = random_box(random_4[1:], batch.images_B3HW.shape[2:])
        edges_22 = edges_22 * (random_4[0] < params.probability)
        return paste_boxes(batch, partners_B, edges_22, classes)

    return TrainingStrategy(prepare_batch=prepare_batch)


def random_box(random_3: Tensor, size: torch.Size) -> Tensor:
    """Return first and one past the last row and column of a box: (2, 2), rows before columns.

    Args:
        random_3: in [0, 1): the share that stays, Beta(1, 1), then where the middle is.
        size: rows and columns of the picture; the box has its shape and is cut at its border.
    """
    size_2 = constant(tuple(size), random_3.device, torch.int64)
    half_2 = (size_2 * (1 - random_3[0]).sqrt()).int() // 2
    middle_2 = (random_3[1:] * size_2).int()
    low_2, high_2 = (middle_2 - half_2).clamp(min=0), torch.minimum(middle_2 + half_2, size_2)
    return torch.stack([low_2, high_2], dim=1)


def paste_boxes(batch: Batch, partners_B: Tensor, edges_22: Tensor, classes: int) -> Batch:
    """Paste a box of each face's partner into its picture and its maps.

    A cell of a coarser map is mixed by the share of it that the box covers. A face whose patch
    comes from an undefined map has none any more. Valence and arousal are shared as the label is,
    and are known where they are of both.

    Args:
        batch: of faces that are not mixed yet; their labels may be soft.
        partners_B: rows of the batch.
        edges_22: px of the picture, see random_box.
        classes: how many there are.
    """
    images = batch.images_B3HW
    inside = _box_coverage(edges_22, images.shape[2:], images.shape[2:])
    share = inside.mean()
    own_BK = batch.shares(classes)
    values = batch.valence_arousal_B2
    return replace(
        batch,
        images_B3HW=torch.lerp(images, images[partners_B], inside),
        maps=tuple(
            torch.lerp(
                maps, maps[partners_B], _box_coverage(edges_22, images.shape[2:], maps.shape[2:])
            )
            for maps in batch.maps
        ),
        valid_B=batch.valid_B & (batch.valid_B[partners_B] | (share == 0)),
        shares_BK=torch.lerp(own_BK, own_BK[partners_B], share),
        valence_arousal_B2=None if values is None else _shared(values, values[partners_B], share),
    )


def _shared(own_B2: Tensor, other_B2: Tensor, share: Tensor) -> Tensor:
    """Share numbers by area; they stay where nothing is pasted, though the other's be unknown."""
    return torch.where(share == 0, own_B2, torch.lerp(own_B2, other_B2, share))


def _box_coverage(edges_22: Tensor, size: torch.Size, cells: torch.Size) -> Tensor:
    """Return the share of every cell that the box covers: (rows, columns) of `cells`."""
    along: list[Tensor] = []
    for edges_2, whole, count in zip(edges_22, size, cells, strict=True):
        low, high = edges_2 * (count / whole)
        start = torch.arange(count, device=edges_22.device)
        along.append((high.clamp(start, start + 1) - low.clamp(start, start + 1)).float())
    return along[0][:, None] * along[1]
