import pytest
import torch

from tests.flat_model import OPTIONS, made
from train.methods.base import LevelShape


@pytest.mark.parametrize("name", OPTIONS)
def test_a_head_scores_the_deepest_level_and_hands_all_levels_on(name):
    head = made(name, LevelShape(8, 10, 10, 7)).eval()
    levels = (torch.rand(2, 3, 20, 20), torch.rand(2, 8, 10, 10))
    forward = head(levels)
    assert forward.logits_BK.shape == (2, 7)
    assert forward.features == levels
