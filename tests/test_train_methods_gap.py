import torch
from torch import nn

from train.methods.base import LevelShape
from train.methods.gap import GAPHead


def test_logits_of_a_2x2_level_are_its_mean_times_the_weights():
    head = GAPHead(LevelShape(1, 2, 2, 7))
    head.linear.weight = nn.Parameter(torch.arange(7.0)[:, None])
    logits_BK = head((torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]]),)).logits_BK
    assert logits_BK.tolist() == [[0, 3, 6, 9, 12, 15, 18]]


def test_its_class_weights_are_those_of_the_linear_layer():
    head = GAPHead(LevelShape(3, 2, 2, 7))
    assert head.class_weights() is head.linear.weight
