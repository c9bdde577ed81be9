import pytest
import torch
from timm.layers import resample_abs_pos_embed
from torch import nn

from train.methods.apvit import APViTHead, keep_top_tokens, resampling
from train.methods.base import LevelShape
from train.options import APViTParams

NO_WEIGHTS = {"weights": "none", "weights_sha256": None}


def test_the_most_worthy_tokens_are_kept():
    tokens = torch.arange(8.0).reshape(1, 4, 2)
    kept = keep_top_tokens(tokens, torch.tensor([[0.1, 0.9, 0.3, 0.5]]), 2)
    assert kept.tolist() == [[[2.0, 3.0], [6.0, 7.0]]]


def attentive(**changes):
    values = {"width": 16, "depth": 8, "heads": 2, "mlp": 3.0, "keep": 160 / 196}
    return APViTHead(
        LevelShape(6, 14, 14, 7),
        APViTParams(**{**values, "pool_from": 5, "pool_keep": 0.9, **NO_WEIGHTS, **changes}),
    ).eval()


def test_apvit_keeps_as_many_tokens_as_published():
    head, seen = attentive(), []
    for block in head.blocks:
        block.mlp.register_forward_hook(lambda _, given, __: seen.append(given[0].shape[1] - 1))
    head((torch.randn(2, 6, 14, 14),))
    assert seen == [160, 160, 160, 160, 144, 129, 116, 104]


def test_apvit_looks_where_its_projection_is_large():
    head = attentive()
    feature = torch.zeros(1, 6, 4, 4)
    feature[0, :, 1, 2] = 3.0
    nn.init.zeros_(head.project.bias)
    importance = head((feature,)).extra["importance_BHW"][0]
    assert divmod(importance.argmax().item(), 4) == (1, 2)
    assert (importance > 0).sum() == 1


def test_apvit_does_not_see_what_it_did_not_keep():
    head = attentive(keep=0.5, pool_from=9)
    feature = torch.randn(1, 6, 4, 4, generator=torch.Generator().manual_seed(0))
    found = head((feature,))
    least = found.extra["importance_BHW"].flatten().argmin().item()
    changed = feature.clone()
    changed[0, :, least // 4, least % 4] *= 0.5
    torch.testing.assert_close(head((changed,)).logits_BK, found.logits_BK)


def test_a_pooling_block_that_keeps_all_is_a_plain_block():
    head = attentive(keep=1.0, pool_from=1, pool_keep=1.0)
    feature = torch.randn(2, 6, 4, 4, generator=torch.Generator().manual_seed(0))
    pooled = head((feature,)).logits_BK
    head.params = head.params.model_copy(update={"pool_from": 9})
    torch.testing.assert_close(head((feature,)).logits_BK, pooled, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("size", [(7, 7), (10, 8), (28, 28)])
def test_positions_are_interpolated_as_timm_does(size):
    embedding = torch.randn(1, 14 * 14, 5, generator=torch.Generator().manual_seed(0))
    expected = resample_abs_pos_embed(embedding, list(size), [14, 14], num_prefix_tokens=0)
    found = resampling(size, torch.device("cpu")) @ embedding
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
