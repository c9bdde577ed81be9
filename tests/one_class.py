"""Pictures and layers so small that a head's answer is known by hand."""

import torch
from torch import nn


def only_class(k, map_HW):
    """A picture whose channel k is this map; the other six are zero."""
    feature = torch.zeros(1, 7, *map_HW.shape)
    feature[0, k] = map_HW
    return feature


def through(layer):
    """Make a 1 x 1 convolution hand its channels through."""
    nn.init.zeros_(layer.bias)
    layer.weight.data = torch.eye(7)[..., None, None]
