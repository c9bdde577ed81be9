import pytest
import torch

from tests.one_class import only_class, through
from train.methods.base import LevelShape
from train.methods.prm import PRMHead
from train.options import PRMParams

LADDER = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])


@pytest.mark.parametrize(("window", "expected"), [(1, 5), (2, (5 + 6 + 8 + 9) / 4), (3, 9), (5, 9)])
def test_prm_averages_the_peaks_of_a_3x3_map(window, expected):
    head = PRMHead(LevelShape(7, 3, 3, 7), PRMParams(window=window))
    through(head.classifier)
    found = head((only_class(4, LADDER),))
    assert found.logits_BK[0, 4].item() == expected
    torch.testing.assert_close(found.maps_BKHW[0, 4], LADDER)
