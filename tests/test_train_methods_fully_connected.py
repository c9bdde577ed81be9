import pytest
import torch
from torch import nn

from errors import UsageError
from train.methods.base import LevelShape
from train.methods.fully_connected import FullyConnectedHead
from train.options import FullyConnectedParams

PARAMS = FullyConnectedParams(width=4, dropout=0.5)


def test_the_level_is_halved_by_its_highest_values_and_each_place_has_its_weights():
    head = FullyConnectedHead(LevelShape(2, 4, 5, 7), PARAMS).eval()
    shapes = [layer.weight.shape for layer in head.layers if isinstance(layer, nn.Linear)]
    assert shapes == [(4, 2 * 2 * 2), (4, 4), (7, 4)]
    assert head((torch.rand(3, 2, 4, 5),)).logits_BK.shape == (3, 7)


def test_a_level_too_small_to_be_halved_names_its_size():
    with pytest.raises(UsageError, match="deepest level, which is 1 x 4 here"):
        FullyConnectedHead(LevelShape(2, 1, 4, 7), PARAMS)
