"""Regimes: what a method does differently in training, to the batch or to the network.

Evaluation never sees them.
Shapes: B batch, C channels, H W rows and columns, K expressions.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from pydantic import BaseModel, Field
from torch import Tensor, nn

from anatomy.expressions import EXPRESSIONS
from errors import UsageError
from train.methods.eac import mirrored
from train.methods.levels import Backbone
from train.methods.pal import second_order
from train.methods.regime import Regime
from train.methods.rul import uncertain_mixup
from train.methods.scn import relabel
from train.params import NoOptions, Options, checked
from train.records import Batch


def plain(options: Options) -> Regime:
    """Leave batch and network alone."""
    checked(NoOptions, options, "regime")
    return Regime()


class CutmixParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.regime] of CutMix: how often a batch is mixed."""

    probability: float = Field(ge=0, le=1)


def cutmix(options: Options) -> Regime:
    """Paste one box of every face's partner into picture and map, and share the label by area.

    Source: Yun et al., CutMix, ICCV 2019; maps: Belharbi et al., FG 2024.
    """
    params = checked(CutmixParams, options, "regime")

    def prepare(batch: Batch) -> Batch:
        rng, device = batch.rng, batch.rng.device
        chance_4 = torch.rand(4, generator=rng, device=device)
        partners_B = torch.randperm(len(batch.labels_B), generator=rng, device=device)
        edges_22 = random_box(chance_4[1:], batch.images_B3HW.shape[2:])
        return pasted(batch, partners_B, edges_22 * (chance_4[0] < params.probability))

    return Regime(prepare=prepare)


def random_box(chance_3: Tensor, size: torch.Size) -> Tensor:
    """Return first and one past the last row and column of a box: (2, 2), rows before columns.

    Args:
        chance_3: in [0, 1): the share that stays, Beta(1, 1), then where the middle is.
        size: rows and columns of the picture; the box has its shape and is cut at its border.
    """
    size_2 = torch.tensor(size, device=chance_3.device)
    half_2 = (size_2 * (1 - chance_3[0]).sqrt()).int() // 2
    middle_2 = (chance_3[1:] * size_2).int()
    low_2, high_2 = (middle_2 - half_2).clamp(min=0), torch.minimum(middle_2 + half_2, size_2)
    return torch.stack([low_2, high_2], dim=1)


def pasted(batch: Batch, partners_B: Tensor, edges_22: Tensor) -> Batch:
    """Paste a box of each face's partner into its picture and its maps.

    A cell of a coarser map is mixed by the share of it that the box covers. A face whose patch
    comes from an undefined map has none any more.

    Args:
        batch: with labels that are not yet mixed.
        partners_B: rows of the batch.
        edges_22: px of the picture, see random_box.
    """
    images = batch.images_B3HW
    inside = _coverage(edges_22, images.shape[2:], images.shape[2:])
    share = inside.mean()
    own_BK, other_BK = (
        F.one_hot(labels, len(EXPRESSIONS)).to(share.dtype)
        for labels in (batch.labels_B, batch.labels_B[partners_B])
    )
    return replace(
        batch,
        images_B3HW=torch.lerp(images, images[partners_B], inside),
        maps=tuple(
            torch.lerp(
                maps, maps[partners_B], _coverage(edges_22, images.shape[2:], maps.shape[2:])
            )
            for maps in batch.maps
        ),
        valid_B=batch.valid_B & (batch.valid_B[partners_B] | (share == 0)),
        mixed_BK=torch.lerp(own_BK, other_BK, share),
    )


def _coverage(edges_22: Tensor, size: torch.Size, cells: torch.Size) -> Tensor:
    """Return the share of every cell that the box covers: (rows, columns) of `cells`."""
    along: list[Tensor] = []
    for edges_2, whole, count in zip(edges_22, size, cells, strict=True):
        low, high = edges_2 * (count / whole)
        start = torch.arange(count, device=edges_22.device)
        along.append((high.clamp(start, start + 1) - low.clamp(start, start + 1)).float())
    return along[0][:, None] * along[1]


class DropParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.regime] of ADL.

    `drop_p`: how often the most active places are hidden instead of stressed; `threshold`: of the
    face's highest attention, from which on a place is hidden.
    """

    drop_p: float = Field(ge=0, le=1)
    threshold: float = Field(gt=0, le=1)


class Drop(nn.Module):
    """Hides or stresses what a level attends to, by one coin a batch; nothing in evaluation.

    The coin comes from the device's default generator, as dropout's do.
    """

    def __init__(self, params: DropParams) -> None:
        super().__init__()
        self.params = params

    def forward(self, feature_BCHW: Tensor) -> Tensor:
        """Multiply by the mask of places below the threshold, or by the attention's sigmoid."""
        if not self.training:
            return feature_BCHW
        attention_B1HW = feature_BCHW.mean(dim=1, keepdim=True)
        most_B111 = attention_B1HW.amax(dim=(2, 3), keepdim=True)
        kept_B1HW = (attention_B1HW < self.params.threshold * most_B111).to(feature_BCHW.dtype)
        coin = torch.rand((), device=feature_BCHW.device)
        return feature_BCHW * torch.where(
            coin < self.params.drop_p, kept_B1HW, attention_B1HW.sigmoid()
        )


def adl(options: Options) -> Regime:
    """Drop after the first block of layer3, and after the first and the third of layer4.

    Where layer4 has fewer than three, after its last.

    Source: Choe and Shim, Attention-based Dropout Layer, CVPR 2019.
    """
    params = checked(DropParams, options, "regime")

    def fit(backbone: Backbone) -> None:
        for stage, places in (("layer3", {0}), ("layer4", {0, 2})):
            if not hasattr(backbone.net, stage):
                raise UsageError("regime", f"adl needs a ResNet: this backbone has no {stage}.")
            blocks = backbone.net.get_submodule(stage)
            for place in {min(place, len(blocks) - 1) for place in places}:
                blocks[place] = nn.Sequential(blocks[place], Drop(params))

    return Regime(fit=fit)


REGIMES: dict[str, Callable[[Options], Regime]] = {
    "plain": plain,
    "cutmix": cutmix,
    "adl": adl,
    "second_order": second_order,
    "relabel": relabel,
    "uncertain_mixup": uncertain_mixup,
    "mirrored": mirrored,
}
"""Name -> (train.regime of params.yaml) -> regime."""
