import pytest
import torch
from torch import nn

from tests.one_class import only_class, through
from train.methods.base import LevelShape
from train.methods.wildcat import WildcatHead
from train.options import WildcatParams


def wildcat(**changes):
    values = {"maps": 1, "top": 0.5, "bottom": 0.25, "alpha": 0.6, "arithmetic": "paper"}
    head = WildcatHead(LevelShape(7, 2, 2, 7), WildcatParams(**{**values, **changes}))
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
