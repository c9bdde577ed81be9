"""Convolutional networks."""

import torch

from tests.networks import made_backbone, sides


def test_small_maps_are_those_of_an_ordinary_resnet():
    with torch.no_grad():
        levels, _ = made_backbone("resnet18", large_maps=False)(torch.zeros(2, 3, 224, 224))
    assert sides(levels) == [112, 56, 28, 14, 7]
