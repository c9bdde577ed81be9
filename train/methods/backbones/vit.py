"""Vision transformers: patch tokens as maps, and how the class token attends to them.

Shapes: B batch, N tokens, D width, A heads.
"""

from typing import Any

import torch
from torch import Tensor

from errors import UsageError
from train.methods import LEVELS
from train.methods.backbones.base import Backbone, BackboneOutput, from_timm
from train.params import TrainParams


def class_scores(attention: Any, tokens_BND: Tensor) -> Tensor:  # noqa: ANN401 - timm's Attention
    """Return the attention scores of the first token to all tokens, before softmax: (B, A, N)."""
    count, tokens, _ = tokens_BND.shape
    qkv = attention.qkv(tokens_BND).reshape(count, tokens, 3, attention.num_heads, -1)
    query_BAD = attention.q_norm(qkv[:, 0, 0])
    keys_BANd = attention.k_norm(qkv[:, :, 1].transpose(1, 2))
    return torch.einsum("bad,band->ban", query_BAD * attention.scale, keys_BANd)


class VisionTransformer(Backbone):
    """A vision transformer with a class token; extra `class_attention_BHW` in evaluation.

    Levels: the patch embedding with positions, then the tokens after each quarter of the blocks,
    the last one normed.
    """

    def __init__(self, net: Any) -> None:  # noqa: ANN401 - a class of timm's
        super().__init__(net, (net.embed_dim,) * LEVELS)
        depth, quarters = len(net.blocks), LEVELS - 1
        self._kept = {-(-depth * part // quarters) for part in range(1, quarters)}

    def forward(self, images_B3HW: Tensor) -> BackboneOutput:
        """Return the levels, and the class token's attention summed over blocks.

        The attention is the mean over heads. It is left out in training, where it is not needed.
        """
        net = self.net
        tokens_BND = net.norm_pre(net.patch_drop(net._pos_embed(net.patch_embed(images_B3HW))))
        level_BDHW, tokens_BND = self._split(tokens_BND)
        levels, rows = [level_BDHW], []
        for number, block in enumerate(net.blocks, start=1):
            if not self.training:
                scores_BAN = class_scores(block.attn, block.norm1(tokens_BND))
                rows.append(scores_BAN.softmax(dim=2).mean(dim=1))
            tokens_BND = block(tokens_BND)
            if number in self._kept:
                level_BDHW, tokens_BND = self._split(tokens_BND)
                levels.append(level_BDHW)
        levels.append(self._as_map(net.norm(tokens_BND)))
        if self.training:
            return tuple(levels), {}
        attention_BN = torch.stack(rows).sum(dim=0)
        return tuple(levels), {"class_attention_BHW": self._as_map(attention_BN[..., None])[:, 0]}

    def _split(self, tokens_BND: Tensor) -> tuple[Tensor, Tensor]:
        """Return a level, and tokens made of it, so that the output has a gradient by the level."""
        level_BDHW = self._as_map(tokens_BND)
        first_BND = tokens_BND[:, : self.net.num_prefix_tokens]
        return level_BDHW, torch.cat([first_BND, level_BDHW.flatten(2).transpose(1, 2)], dim=1)

    def _as_map(self, tokens_BND: Tensor) -> Tensor:
        patches_BND = tokens_BND[:, self.net.num_prefix_tokens :]
        rows, columns = self.net.patch_embed.grid_size
        return patches_BND.transpose(1, 2).reshape(len(patches_BND), -1, rows, columns)


def vit(name: str, params: TrainParams) -> Backbone:
    """Make a DeiT or ViT for pictures of `image_px`, cut into patches of `token_px`.

    Weights of other sizes are resampled by timm.

    Raises:
        UsageError: if the picture cannot be cut so.
    """
    return VisionTransformer(from_timm(name, params.weights, **_patch_sizes(params)))


def small_vit(params: TrainParams) -> Backbone:
    """Make DeiT-tiny's first third: four blocks, for pictures of some 64 px on a processor."""
    return VisionTransformer(
        from_timm("deit_tiny_patch16_224", params.weights, depth=4, **_patch_sizes(params))
    )


def _patch_sizes(params: TrainParams) -> dict[str, int]:
    if params.image_px % params.token_px:
        raise UsageError(
            "train.token_px",
            f"a picture of {params.image_px} px cannot be cut into patches of {params.token_px}. "
            "Use a divisor of train.image_px.",
        )
    return {"img_size": params.image_px, "patch_size": params.token_px}
