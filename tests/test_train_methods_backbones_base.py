"""Networks of timm."""

import pytest
import timm
import torch
from torch import nn

from errors import NoInputError
from tests.networks import made_backbone
from train.images import MEAN, STD
from train.methods.backbones.base import fold_normalisation
from train.pretrained import BACKBONE_WEIGHTS

DOWNLOADED = [name for name, named in BACKBONE_WEIGHTS.items() if "imagenet" in named]


@pytest.mark.parametrize("name", DOWNLOADED)
def test_weights_without_a_network_say_what_to_do(name, monkeypatch):
    def offline(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(NoInputError, match="Connect to a network once"):
        made_backbone(name, weights="imagenet")


def test_a_folded_convolution_computes_what_the_weights_were_trained_for():
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 4, 8, 8)
    pixels = torch.rand(2, 3, 16, 16)
    mean, std = (0.5, 0.4, 0.3), (0.5, 0.25, 1.0)
    normalised = [
        (pixels - torch.tensor(center)[:, None, None]) / torch.tensor(width)[:, None, None]
        for center, width in ((mean, std), (MEAN, STD))
    ]
    expected = conv(normalised[0])
    fold_normalisation(conv, mean, std)
    torch.testing.assert_close(conv(normalised[1]), expected, atol=1e-5, rtol=1e-5)
