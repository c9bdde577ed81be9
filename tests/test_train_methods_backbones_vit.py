"""Transformers: their levels and their class attention."""

import pytest
import torch

from errors import UsageError
from tests.networks import made_backbone


def test_the_last_level_of_a_transformer_is_what_timm_gives():
    backbone = made_backbone("deit_mini", image_px=32).eval()
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        levels, _ = backbone(images)
        expected = backbone.net.forward_features(images)[:, 1:]
    torch.testing.assert_close(levels[-1].flatten(2).transpose(1, 2), expected)


def test_class_attention_is_the_sum_over_blocks_of_what_the_blocks_attend_to():
    backbone = made_backbone("deit_mini", image_px=32).eval()
    seen = []
    for block in backbone.net.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda _, __, found: seen.append(found))
    with torch.no_grad():
        _, extra = backbone(torch.rand(2, 3, 32, 32))
    assert len(seen) == 4
    expected = sum(rows[:, :, 0, 1:].mean(dim=1) for rows in seen)
    torch.testing.assert_close(extra["class_attention_BHW"].flatten(1), expected)


def test_a_transformer_without_queries_attends_everywhere_alike():
    backbone = made_backbone("deit_mini", image_px=32).eval()
    for block in backbone.net.blocks:
        torch.nn.init.zeros_(block.attn.qkv.weight)
    with torch.no_grad():
        _, extra = backbone(torch.rand(1, 3, 32, 32))
    # Four blocks; 16 patches and the class token share the attention.
    torch.testing.assert_close(extra["class_attention_BHW"], torch.full((1, 4, 4), 4 / 17))


def test_a_picture_that_patches_do_not_fill_is_refused():
    with pytest.raises(UsageError, match=r"token_px.*60 px cannot be cut into patches of 8"):
        made_backbone("deit_mini", image_px=60)
