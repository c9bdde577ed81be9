"""OFER: four attention heads over the restored face, and latents of its patches.

Shapes: B batch, C channels, H W rows and columns of the deepest level, P = 196 patches, D width of
a latent, A = 4 heads, K expressions.
Source: Lee et al., Latent-OFER, ICCV 2023, and its code; the heads are those of Wen et al.,
Distract Your Attention (DAN), 2021. A re-implementation: here latents are pooled by attention, the
query being the image's; the published stack of linear layers is an option.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from anatomy.patches import GRID, PATCHES
from train.methods.base import (
    LATENTS,
    NO_EXTRA,
    Classifier,
    Extra,
    Features,
    Head,
    LevelShape,
    TrainingStrategy,
)
from train.options import NoOptions, OFERParams
from train.records import Batch, Forward

_HEADS = 4
_WIDTH, _HIDDEN = 256, 128
_SQUEEZE = 16
_PUBLISHED_WIDTHS = (10_000, 5_000, 1_024)

PUBLISHED_PLACES = (
    *(place - 1 for row in range(46, 159, GRID) for place in range(row, row + 8)),
    *(place - 1 for place in range(172, 178)),
)
"""The 78 places of the published code, which counts the class token first."""


class AttentionHead(nn.Module):
    """Gates channels, then places, and pools: (B, C, H, W) -> (B, C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed, half = max(channels // _SQUEEZE, 4), channels // 2
        self.channel_gate = nn.Sequential(
            nn.Linear(channels, squeezed),
            nn.BatchNorm1d(squeezed),
            nn.ReLU(),
            nn.Linear(squeezed, channels),
            nn.Sigmoid(),
        )
        self.reduce = _convolution(channels, half, (1, 1))
        self.shapes = nn.ModuleList(
            _convolution(half, channels, shape) for shape in ((3, 3), (1, 3), (3, 1))
        )

    def forward(self, feature_BCHW: Tensor) -> Tensor:
        """Return the pooled feature."""
        gate_BC = self.channel_gate(feature_BCHW.mean(dim=(2, 3)))
        gated_BCHW = feature_BCHW * gate_BC[:, :, None, None]
        reduced = self.reduce(gated_BCHW)
        summed_BCHW = torch.stack([one(reduced) for one in self.shapes]).sum(dim=0).relu()
        pooled: Tensor = (gated_BCHW * summed_BCHW.sum(dim=1, keepdim=True)).mean(dim=(2, 3))
        return pooled


def _convolution(before: int, after: int, shape: tuple[int, int]) -> nn.Sequential:
    rows, columns = shape
    padding = rows // 2, columns // 2
    return nn.Sequential(nn.Conv2d(before, after, shape, padding=padding), nn.BatchNorm2d(after))


def joined_heads(pooled_BAC: Tensor) -> Tensor:
    """Let heads compete for each channel, and sum: (B, C). As published."""
    return pooled_BAC.log_softmax(dim=1).sum(dim=1)


def attended_places(feature_BCHW: Tensor) -> Tensor:
    """Return the half of the patches on which the level's attention is highest: (B, P), bool."""
    attention_B1HW = feature_BCHW.detach().float().mean(dim=1, keepdim=True)
    on_grid = F.interpolate(attention_B1HW, [GRID, GRID], mode="bilinear", align_corners=False)
    ranks_BP = on_grid.flatten(1).argsort(dim=1, descending=True).argsort(dim=1)
    return ranks_BP < PATCHES // 2


class LatentPooling(nn.Module):
    """Pools chosen latents by attention; the query is the image's feature: (B, width)."""

    def __init__(self, channels: int, latent_width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(latent_width)
        self.query = nn.Linear(channels, _WIDTH)
        self.key = nn.Linear(latent_width, _WIDTH, bias=False)  # it would move all scores alike
        self.value = nn.Linear(latent_width, _WIDTH)

    def forward(self, feature_BC: Tensor, latents_BPD: Tensor, chosen_BP: Tensor) -> Tensor:
        """Return the pooled latents.

        Args:
            feature_BC: of the image.
            latents_BPD: of all patches.
            chosen_BP: bool, at least one per face.
        """
        normed_BPD = self.norm(latents_BPD)
        scores_BP = torch.einsum("bw,bpw->bp", self.query(feature_BC), self.key(normed_BPD))
        scores_BP = (scores_BP / _WIDTH**0.5).masked_fill(~chosen_BP, -torch.inf)
        shares_BP = scores_BP.softmax(dim=1)
        pooled: Tensor = torch.einsum("bp,bpw->bw", shares_BP, self.value(normed_BPD))
        return pooled


def published_stack(latent_width: int) -> nn.Sequential:
    """Return the published layers on 78 latents: without any bend, they are one matrix."""
    widths = (len(PUBLISHED_PLACES) * latent_width, *_PUBLISHED_WIDTHS, _WIDTH)
    first, second, third, fourth = (nn.Linear(before, after) for before, after in pairwise(widths))
    norms = nn.BatchNorm1d(widths[2]), nn.BatchNorm1d(_WIDTH)
    return nn.Sequential(nn.Flatten(), first, second, norms[0], third, fourth, norms[1])


class OFERHead(Head):
    """Heads over the level, latents, and two layers on both.

    The heads' sum is normalised, which is ours: as it comes, some features are a hundred times what
    a layer begins with, and a network from face weights hardly learnt in six epochs.

    Without latents, as outside a run, their part is zero. A run is never without: stage `train`
    refuses to, and `load_run` gives the model what makes them.
    """

    caveat = (
        "a re-implementation of Latent-OFER: the detector of covered patches and the latents are "
        "not the authors'"
    )

    def __init__(self, level: LevelShape, params: OFERParams) -> None:
        super().__init__()
        self.heads = nn.ModuleList(AttentionHead(level.channels) for _ in range(_HEADS))
        self.scale = nn.BatchNorm1d(level.channels)
        self._params = params
        width = 0 if params.latents == "none" else _WIDTH
        if params.mlp == "published":
            self.stack = published_stack(params.latent_width)
        elif width:
            self.pooling = LatentPooling(level.channels, params.latent_width)
        self._latent_width = width
        self.classifier = nn.Sequential(
            nn.Linear(level.channels + width, _WIDTH),
            nn.ReLU(),
            nn.Linear(_WIDTH, _HIDDEN),
            nn.BatchNorm1d(_HIDDEN),
            nn.ReLU(),
            nn.Linear(_HIDDEN, level.classes),
        )

    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Return logits."""
        level_BCHW = features[-1]
        pooled_BAC = torch.stack([head(level_BCHW) for head in self.heads], dim=1)
        image_BC = self.scale(joined_heads(pooled_BAC))
        parts = [image_BC]
        if self._latent_width:
            latents_BPD = extra.get(LATENTS)
            parts.append(
                image_BC.new_zeros((len(image_BC), self._latent_width))
                if latents_BPD is None
                else self._latent_part(image_BC, level_BCHW, latents_BPD.to(image_BC.dtype))
            )
        return Forward(self.classifier(torch.cat(parts, dim=1)), features)

    def _latent_part(self, image_BC: Tensor, level_BCHW: Tensor, latents_BPD: Tensor) -> Tensor:
        if self._params.mlp == "published":
            part: Tensor = self.stack(latents_BPD[:, list(PUBLISHED_PLACES)])
            return part
        chosen_BP = CHOICES[self._params.latents](level_BCHW)
        pooled: Tensor = self.pooling(image_BC, latents_BPD, chosen_BP)
        return pooled


def _all_places(feature_BCHW: Tensor) -> Tensor:
    shape = (len(feature_BCHW), PATCHES)
    return torch.ones(shape, dtype=torch.bool, device=feature_BCHW.device)


def _published_places(feature_BCHW: Tensor) -> Tensor:
    chosen_BP = torch.zeros_like(_all_places(feature_BCHW))
    chosen_BP[:, list(PUBLISHED_PLACES)] = True
    return chosen_BP


CHOICES = {
    "all": _all_places,
    "chosen": attended_places,
    "published": _published_places,
}
"""methods.ofer.head.latents, but for `none` -> deepest level (B, C, H, W) -> places (B, P)."""


def with_latents(params: NoOptions) -> TrainingStrategy:
    """Give the model the latents of the batch."""

    def forward(model: Classifier, batch: Batch) -> Forward:
        given = NO_EXTRA if batch.latents_BPD is None else {LATENTS: batch.latents_BPD}
        output: Forward = model(batch.images_B3HW, batch.labels_B, given)
        return output

    return TrainingStrategy(forward=forward)
