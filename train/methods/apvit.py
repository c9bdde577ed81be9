"""APViT's head: a transformer over the deepest level that keeps fewer places block by block.

Shapes: B batch, C channels of the level, D width, N places kept, P = H * W places.
Source: Xue et al., Vision Transformer with Attentive Pooling, 2022 (arXiv 2212.05463).
"""

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.methods.backbones.vit import class_scores
from train.methods.base import (
    NO_EXTRA,
    Classifier,
    Extra,
    Features,
    Head,
    LevelShape,
    unsuitable,
)
from train.options import APViTParams
from train.records import Forward

if TYPE_CHECKING:
    from timm.models.vision_transformer import Block

_GRID = 14
"""Side of the published position embedding; other sides are interpolated."""


class APViTHead(Head):
    """Tokens of the most active places, transformer blocks, a linear layer on the class token."""

    def __init__(self, level: LevelShape, params: APViTParams) -> None:
        super().__init__()
        from timm.models.vision_transformer import Block  # takes seconds, with torchvision

        width = params.width
        self.params = params
        self.project = nn.Conv2d(level.channels, width, 1)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + _GRID**2, width))
        for embedding in (self.cls_token, self.pos_embed):
            nn.init.trunc_normal_(embedding, std=0.02)
        self.blocks = nn.ModuleList(
            Block(width, params.heads, mlp_ratio=params.mlp) for _ in range(params.depth)
        )
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.linear = nn.Linear(width, level.classes)

    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Return logits; extra `importance_BHW`: how active each place is, for any class."""
        values_BDHW = self.project(features[-1])
        importance_BHW = values_BDHW.detach().abs().sum(dim=1)
        class_11D, places_1PD = self._positions(values_BDHW.shape[2:])
        kept_BND = keep_top_tokens(
            values_BDHW.flatten(2).transpose(1, 2) + places_1PD,
            importance_BHW.flatten(1),
            round(self.params.keep * places_1PD.shape[1]),
        )
        class_B1D = (self.cls_token + class_11D).expand(len(kept_BND), -1, -1)
        tokens_BND = torch.cat([class_B1D, kept_BND], dim=1)
        for number, block in enumerate(self.blocks, start=1):
            is_pooling = number >= self.params.pool_from
            tokens_BND = self._pooling_block(block, tokens_BND) if is_pooling else block(tokens_BND)
        logits_BK = self.linear(self.norm(tokens_BND)[:, 0])
        return Forward(logits_BK, features, None, {"importance_BHW": importance_BHW})

    def _pooling_block(self, block: "Block", tokens_BND: Tensor) -> Tensor:
        """Run a block that drops tokens between its attention and its MLP."""
        normed_BND = block.norm1(tokens_BND)
        scores_BN = class_scores(block.attn, normed_BND).detach().sum(dim=1)[:, 1:]
        tokens_BND = tokens_BND + block.attn(normed_BND)
        kept_BND = keep_top_tokens(
            tokens_BND[:, 1:], scores_BN, int(self.params.pool_keep * scores_BN.shape[1])
        )
        tokens_BND = torch.cat([tokens_BND[:, :1], kept_BND], dim=1)
        output_BND: Tensor = tokens_BND + block.mlp(block.norm2(tokens_BND))
        return output_BND

    def _positions(self, size: torch.Size) -> tuple[Tensor, Tensor]:
        class_11D, places_1PD = self.pos_embed[:, :1], self.pos_embed[:, 1:]
        if tuple(size) != (_GRID, _GRID):
            places_1PD = resampling((size[0], size[1]), places_1PD.device) @ places_1PD
        return class_11D, places_1PD


def resampling(size: tuple[int, int], device: torch.device) -> Tensor:
    """Return the matrix that interpolates position embeddings, (places of `size`, 14 * 14).

    A product with a constant, because bicubic resizing has no deterministic gradient on a GPU.
    Made anew for every batch: torch.compile does not take a cache.
    """
    each_Q1HW = torch.eye(_GRID**2, device=device).view(-1, 1, _GRID, _GRID)
    resized = F.interpolate(each_Q1HW, size, mode="bicubic", antialias=True)
    return resized.flatten(1).T


def keep_top_tokens(tokens_BPD: Tensor, scores_BP: Tensor, count: int) -> Tensor:
    """Keep the `count` tokens of the highest scores, at least one, highest first: (B, N, D)."""
    kept_BN = scores_BP.topk(max(1, count), dim=1).indices
    return tokens_BPD.gather(1, kept_BN[..., None].expand(-1, -1, tokens_BPD.shape[2]))


def token_importance(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Return the importance by which APViT's head chose its tokens: the same for every class.

    Raises:
        UsageError: if the head chooses none.
    """
    if "importance_BHW" not in forward.extra:
        raise unsuitable("token_importance", "the apvit head")
    return forward.extra["importance_BHW"]
