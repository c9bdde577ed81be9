import pytest
import torch
from torch import nn

from train.methods.base import LevelShape
from train.methods.ts_cam import TSCAMHead, ts_cam
from train.records import Forward


def test_the_token_convolution_of_ones_counts_neighbours():
    head = TSCAMHead(LevelShape(1, 3, 3, 7))
    nn.init.ones_(head.classifier.weight)
    found = head((torch.ones(1, 1, 3, 3),))
    expected = torch.tensor([[4.0, 6.0, 4.0], [6.0, 9.0, 6.0], [4.0, 6.0, 4.0]])
    torch.testing.assert_close(found.maps_BKHW[0, 5], expected)
    assert found.logits_BK[0, 5].item() == pytest.approx(expected.mean().item())


def test_ts_cam_multiplies_attention_and_class_map():
    maps = torch.zeros(1, 7, 2, 2)
    maps[0, 2] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    attention = torch.tensor([[[0.5, 0.0], [0.25, 1.0]]])
    forward = Forward(torch.zeros(1, 7), (), maps, {"class_attention_BHW": attention})
    found = ts_cam(None, forward, torch.tensor([2]))
    assert found.tolist() == [[[0.5, 0.0], [0.75, 4.0]]]
