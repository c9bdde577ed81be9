import pytest
import torch
from torch import nn

from train.methods.acol import ACoLHead
from train.methods.apvit import APViTHead, keep_top_tokens
from train.methods.base import LevelShape
from train.methods.prm import PRMHead
from train.methods.ts_cam import TSCAMHead
from train.methods.wildcat import WildcatHead
from train.options import ACoLParams, APViTParams, PRMParams, WildcatParams

LADDER = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])


def only_class(k, map_HW):
    """A picture whose channel k is this map; the other six are zero."""
    feature = torch.zeros(1, 7, *map_HW.shape)
    feature[0, k] = map_HW
    return feature


def through(layer):
    """Make a 1 x 1 convolution hand its channels through."""
    nn.init.zeros_(layer.bias)
    layer.weight.data = torch.eye(7)[..., None, None]


def wildcat(**changes):
    values = {"maps": 1, "top": 0.5, "bottom": 0.25, "alpha": 0.6, "arithmetic": "paper"}
    head = WildcatHead(LevelShape(7, 2, 2), WildcatParams(**{**values, **changes}))
    if head.params.maps == 1:
        through(head.modalities)
    return head


@pytest.mark.parametrize(
    ("arithmetic", "expected"), [("paper", (3 + 4) / 2 + 0.6 * 1), ("published", (3 + 4) / 2)]
)
def test_wildcat_of_a_2x2_map_is_that_by_hand(arithmetic, expected):
    map_22 = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    found = wildcat(arithmetic=arithmetic)((only_class(2, map_22),))
    assert found.logits_BK[0, 2].item() == pytest.approx(expected)
    torch.testing.assert_close(found.maps_BKHW[0, 2], map_22)


def test_wildcat_averages_the_maps_of_one_expression_and_not_across_them():
    head = wildcat(maps=2)
    nn.init.zeros_(head.modalities.weight)
    head.modalities.bias.data = torch.arange(14.0)
    maps = head((torch.zeros(1, 7, 2, 2),)).maps_BKHW
    torch.testing.assert_close(maps[0, :, 0, 0], torch.arange(7) * 2 + 0.5)


def test_wildcat_takes_as_many_values_as_published():
    values = torch.arange(784.0)[torch.randperm(784, generator=torch.Generator().manual_seed(0))]
    found = wildcat(arithmetic="published")((only_class(0, values.reshape(28, 28)),))
    assert found.logits_BK[0, 0].item() == pytest.approx((392 + 783) / 2)


@pytest.mark.parametrize(("window", "expected"), [(1, 5), (2, (5 + 6 + 8 + 9) / 4), (3, 9), (5, 9)])
def test_prm_averages_the_peaks_of_a_3x3_map(window, expected):
    head = PRMHead(LevelShape(7, 3, 3), PRMParams(window=window))
    through(head.classifier)
    found = head((only_class(4, LADDER),))
    assert found.logits_BK[0, 4].item() == expected
    torch.testing.assert_close(found.maps_BKHW[0, 4], LADDER)


@pytest.fixture
def erasing():
    head = ACoLHead(LevelShape(7, 2, 2), ACoLParams(width=4, threshold=0.5))
    head.first, head.second = nn.Identity(), nn.Identity()
    return head


def two_classes():
    """Class 1 lights up on the left and wins; class 3 at the bottom."""
    feature = only_class(1, torch.tensor([[4.0, 0.0], [4.0, 1.0]]))
    feature[0, 3] = torch.tensor([[0.0, 0.0], [2.0, 2.0]])
    return feature.requires_grad_()


def test_acol_erases_where_the_first_branch_sees_the_label(erasing):
    found = erasing((two_classes(),), torch.tensor([3]))
    erased = found.extra["erased_logits_BK"]
    torch.testing.assert_close(erased[0, [1, 3]], torch.tensor([4.0 / 4, 0.0]))
    torch.testing.assert_close(found.logits_BK[0, [1, 3]], torch.tensor([9.0 / 4, 1.0]))


def test_acol_without_labels_erases_what_it_predicts(erasing):
    found = erasing((two_classes(),))
    erased = found.extra["erased_logits_BK"]
    torch.testing.assert_close(erased[0, [1, 3]], torch.tensor([1.0 / 4, 2.0 / 4]))


def test_acol_shows_the_higher_of_both_maps(erasing):
    found = erasing((two_classes(),))
    # First branch [[1, 0], [1, .25]]; what the second still sees, [[0, 0], [0, 1]].
    torch.testing.assert_close(found.maps_BKHW[0, 1], torch.tensor([[1.0, 0.0], [1.0, 1.0]]))


def test_acols_mask_carries_no_gradient(erasing):
    feature = two_classes()
    erasing((feature,)).extra["erased_logits_BK"].sum().backward()
    torch.testing.assert_close(
        feature.grad[0], torch.tensor([[0.0, 0.25], [0.0, 0.25]]).expand(7, 2, 2)
    )


def test_the_token_convolution_of_ones_counts_neighbours():
    head = TSCAMHead(LevelShape(1, 3, 3))
    nn.init.ones_(head.classifier.weight)
    found = head((torch.ones(1, 1, 3, 3),))
    expected = torch.tensor([[4.0, 6.0, 4.0], [6.0, 9.0, 6.0], [4.0, 6.0, 4.0]])
    torch.testing.assert_close(found.maps_BKHW[0, 5], expected)
    assert found.logits_BK[0, 5].item() == pytest.approx(expected.mean().item())


def test_the_most_worthy_tokens_are_kept():
    tokens = torch.arange(8.0).reshape(1, 4, 2)
    kept = keep_top_tokens(tokens, torch.tensor([[0.1, 0.9, 0.3, 0.5]]), 2)
    assert kept.tolist() == [[[2.0, 3.0], [6.0, 7.0]]]


def attentive(**changes):
    values = {"width": 16, "depth": 8, "heads": 2, "mlp": 3.0, "keep": 160 / 196}
    return APViTHead(
        LevelShape(6, 14, 14),
        APViTParams(**{**values, "pool_from": 5, "pool_keep": 0.9, **changes}),
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
