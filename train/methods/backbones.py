"""Backbones: networks that return their activations at every level, shallow to deep.

Level n is "layer n" of the papers: for a ResNet the stem, then its four stages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import timm
from torch import nn

from errors import NoInputError


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network and the channels of its levels: (B, 3, H, W) -> activations, shallow to deep."""

    network: nn.Module
    channels: tuple[int, ...]


def resnet(name: str, *, weights: str, large_maps: bool) -> Backbone:
    """Make a ResNet: levels stem, layer1 to layer4.

    Args:
        name: timm's name.
        weights: `none`, or `imagenet` (torchvision's first version, fetched by timm).
        large_maps: keep the last two stages at the stride of the second, without dilation, as
            published: 28 x 28 at 224.

    Source: He et al., CVPR 2016; large maps: Belharbi et al., FG 2024.
    """
    network = _levels(name, weights)
    if large_maps:
        for stage in ("layer3", "layer4"):
            for part in network.get_submodule(stage).modules():
                if isinstance(part, nn.Conv2d):
                    part.stride = (1, 1)
    info: Any = network.feature_info  # timm adds it; nn.Module does not know
    return Backbone(network, tuple(info.channels()))


def _levels(name: str, weights: str) -> nn.Module:
    """Return timm's network cut at its levels."""
    if weights == "none":
        return _module(timm.create_model(name, features_only=True))
    tag = f"{name}.tv_in1k"
    try:
        return _module(timm.create_model(tag, features_only=True, pretrained=True))
    except (OSError, RuntimeError) as error:
        raise NoInputError(
            tag,
            "these weights could not be fetched. "
            "Connect to a network once, or set train.weights: none.",
        ) from error


def _module(made: object) -> nn.Module:
    assert isinstance(made, nn.Module)
    return made


BACKBONES: dict[str, Callable[..., Backbone]] = {
    "resnet18": partial(resnet, "resnet18"),
    "resnet50": partial(resnet, "resnet50"),
}
"""Name -> (weights, large_maps) -> backbone."""
