"""Backbones of convolutions, and Swin, whose stages look like one, through timm."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from train.methods import LEVELS
from train.methods.backbones.base import Backbone, Seen, from_timm
from train.params import TrainParams


class Intermediates(Backbone):
    """A network that has five feature levels in timm's own count."""

    def __init__(self, net: Any) -> None:  # noqa: ANN401 - a class of timm's
        net.prune_intermediate_layers(range(LEVELS), prune_head=True)
        super().__init__(net, tuple(info["num_chs"] for info in net.feature_info[:LEVELS]))

    def forward(self, images_B3HW: Tensor) -> Seen:
        """Return the five levels."""
        levels = self.net.forward_intermediates(
            images_B3HW, indices=range(LEVELS), intermediates_only=True
        )
        return tuple(levels), {}


class Staged(Backbone):
    """A stem and four stages in a row; `last_norm` closes the last one."""

    def __init__(self, net: Any, stages: Sequence[str], last_norm: str = "") -> None:  # noqa: ANN401 - timm's
        net.prune_intermediate_layers(range(LEVELS - 1), prune_head=True)
        widths = [info["num_chs"] for info in net.feature_info]
        super().__init__(net, (widths[0], *widths))
        self._stages, self._last_norm = stages, last_norm

    def forward(self, images_B3HW: Tensor) -> Seen:
        """Return what the stem and each stage say."""
        levels: list[Tensor] = []
        for stage in self._stages:
            given = self._given(levels[-1]) if levels else images_B3HW
            value = self.net.get_submodule(stage)(given)
            levels.append(self._level(value))
        if self._last_norm:
            levels[-1] = self._level(self.net.get_submodule(self._last_norm)(value))
        return tuple(levels), {}

    def _level(self, value: Tensor) -> Tensor:
        """Return what a stage says, channels first."""
        return value

    def _given(self, level_BCHW: Tensor) -> Tensor:
        """Return what the next stage takes: made of the level, so there is a gradient by it."""
        return level_BCHW


class ChannelsLast(Staged):
    """The same of a network that keeps its channels behind rows and columns."""

    def _level(self, value: Tensor) -> Tensor:
        return value.permute(0, 3, 1, 2)

    def _given(self, level_BCHW: Tensor) -> Tensor:
        return level_BCHW.permute(0, 2, 3, 1)


def resnet(name: str, params: TrainParams) -> Backbone:
    """Make a ResNet: levels stem, layer1 to layer4.

    With `large_maps` the last two stages keep the stride of the second, without dilation, as
    published: 28 x 28 at 224.

    Source: He et al., CVPR 2016; large maps: Belharbi et al., FG 2024.
    """
    net = from_timm(name, params.weights)
    if params.large_maps:
        for stage in ("layer3", "layer4"):
            for part in net.get_submodule(stage).modules():
                if isinstance(part, nn.Conv2d):
                    part.stride = (1, 1)
    return Intermediates(net)


def pyramid(name: str, params: TrainParams) -> Backbone:
    """Make a network of five strides: levels at each, before the next one halves it.

    VGG: the last convolution before each pooling. EfficientNet, MobileNet: the last block.
    """
    return Intermediates(from_timm(name, params.weights))


def convnext(name: str, params: TrainParams) -> Backbone:
    """Make a ConvNeXt: levels stem, then its four stages."""
    stages = ("stem", *(f"stages.{number}" for number in range(4)))
    return Staged(from_timm(name, params.weights), stages)


def swin(name: str, params: TrainParams) -> Backbone:
    """Make a Swin transformer: levels patch embedding, then its four stages, the last normed."""
    stages = ("patch_embed", *(f"layers.{number}" for number in range(4)))
    net = from_timm(name, params.weights, img_size=params.image_px)
    return ChannelsLast(net, stages, "norm")
