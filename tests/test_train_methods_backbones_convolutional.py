"""Convolutional networks."""

import pytest
import torch

from tests.networks import made_backbone, sides


def test_small_maps_are_those_of_an_ordinary_resnet():
    with torch.no_grad():
        levels, _ = made_backbone("resnet18", large_maps=False)(torch.zeros(2, 3, 224, 224))
    assert sides(levels) == [112, 56, 28, 14, 7]


def test_a_resnet_of_caffe_halves_in_the_first_convolution_and_pools_without_a_border():
    net = made_backbone("resnet50_caffe", large_maps=False).net
    for stage in (net.layer2, net.layer3, net.layer4):
        assert (stage[0].conv1.stride, stage[0].conv2.stride) == ((2, 2), (1, 1))
    assert net.layer1[0].conv1.stride == (1, 1)
    row = torch.tensor([5.0, 0, 1, 0, 2, 0]).expand(1, 1, 6, 6)
    assert net.maxpool(row)[0, 0, 0].tolist() == [5, 2, 2]  # ResNet's own: 5, 1, 2
    with torch.no_grad():
        levels, _ = made_backbone("resnet50_caffe", large_maps=False)(torch.zeros(1, 3, 224, 224))
    assert sides(levels) == [112, 56, 28, 14, 7]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "image_px", "offset"),
    [
        ("efficientnet_b0", 512, 0),
        ("mobilenetv3_small", 512, 0),
        ("convnext_atto", 1024, 1),  # its convolutions of side 2 have no middle
    ],
)
def test_a_dilated_network_computes_what_the_strided_one_does(name, image_px, offset):
    """At every fourth place, far from the border; without squeeze-and-excitation, which sees it."""
    strided, dilated = (
        made_backbone(name, image_px=image_px, large_maps=large).eval() for large in (False, True)
    )
    for backbone in (strided, dilated):
        for module in backbone.modules():
            if type(module).__name__ == "SqueezeExcite":
                module.forward = lambda level: level
    images = torch.randn(1, 3, image_px, image_px, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        coarse, fine = strided(images)[0][-1], dilated(images)[0][-1]
    middle = slice(coarse.shape[-1] // 2, coarse.shape[-1] // 2 + 1)
    found = fine[:, :, offset::4, offset::4][..., middle, middle]
    torch.testing.assert_close(found, coarse[..., middle, middle], atol=1e-4, rtol=1e-3)
