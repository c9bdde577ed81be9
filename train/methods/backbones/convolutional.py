"""Convolutional backbones and Swin, which has such stages too, through timm."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from train.methods import LEVELS
from train.methods.backbones.base import Backbone, BackboneOutput, from_timm
from train.params import TrainParams


class TimmLevels(Backbone):
    """A network that has five feature levels in timm's own count."""

    def __init__(self, net: Any) -> None:  # noqa: ANN401 - a class of timm's
        net.prune_intermediate_layers(range(LEVELS), prune_head=True)
        super().__init__(net, tuple(info["num_chs"] for info in net.feature_info[:LEVELS]))

    def forward(self, images_B3HW: Tensor) -> BackboneOutput:
        """Return the five levels."""
        levels = self.net.forward_intermediates(
            images_B3HW, indices=range(LEVELS), intermediates_only=True
        )
        return tuple(levels), {}


class VGGBackbone(Backbone):
    """VGG up to its last convolution; by module names, since older timm has no levels of VGG."""

    def __init__(self, net: Any) -> None:  # noqa: ANN401 - a class of timm's
        levels = net.feature_info[:LEVELS]
        ends = [int(info["module"].removeprefix("features.")) for info in levels]
        net.features = net.features[: ends[-1] + 1]
        net.pre_logits, net.head = nn.Identity(), nn.Identity()
        super().__init__(net, tuple(info["num_chs"] for info in levels))
        self._ends = frozenset(ends)

    def forward(self, images_B3HW: Tensor) -> BackboneOutput:
        """Return the activations before each pooling."""
        levels, value = [], images_B3HW
        for number, layer in enumerate(self.net.features):
            value = layer(value)
            if number in self._ends:
                levels.append(value)
        return tuple(levels), {}


class StagedBackbone(Backbone):
    """A stem and four stages in a row; `last_norm` closes the last one."""

    def __init__(self, net: Any, stages: Sequence[str], last_norm: str = "") -> None:  # noqa: ANN401 - timm's
        net.prune_intermediate_layers(range(LEVELS - 1), prune_head=True)
        widths = [info["num_chs"] for info in net.feature_info]
        super().__init__(net, (widths[0], *widths))
        self._stages, self._last_norm = stages, last_norm

    def forward(self, images_B3HW: Tensor) -> BackboneOutput:
        """Return the outputs of the stem and of each stage."""
        levels: list[Tensor] = []
        for stage in self._stages:
            stage_input = self._stage_input(levels[-1]) if levels else images_B3HW
            value = self.net.get_submodule(stage)(stage_input)
            levels.append(self._to_level(value))
        if self._last_norm:
            levels[-1] = self._to_level(self.net.get_submodule(self._last_norm)(value))
        return tuple(levels), {}

    def _to_level(self, value: Tensor) -> Tensor:
        """Return a stage's output, channels first."""
        return value

    def _stage_input(self, level_BCHW: Tensor) -> Tensor:
        """Return the next stage's input, made from the level, so that gradients pass through it."""
        return level_BCHW


class ChannelsLastBackbone(StagedBackbone):
    """A staged network whose channels are the last dimension."""

    def _to_level(self, value: Tensor) -> Tensor:
        return value.permute(0, 3, 1, 2)

    def _stage_input(self, level_BCHW: Tensor) -> Tensor:
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
    return TimmLevels(net)


def vgg(name: str, params: TrainParams) -> Backbone:
    """Make a VGG: levels after the last convolution before each of its five poolings."""
    return VGGBackbone(from_timm(name, params.weights))


def pyramid(name: str, params: TrainParams) -> Backbone:
    """Make an EfficientNet or MobileNet: levels after the last block of each of five strides."""
    return TimmLevels(from_timm(name, params.weights))


def convnext(name: str, params: TrainParams) -> Backbone:
    """Make a ConvNeXt: levels stem, then its four stages."""
    stages = ("stem", *(f"stages.{number}" for number in range(4)))
    return StagedBackbone(from_timm(name, params.weights), stages)


def swin(name: str, params: TrainParams) -> Backbone:
    """Make a Swin transformer: levels patch embedding, then its four stages, the last normed."""
    stages = ("patch_embed", *(f"layers.{number}" for number in range(4)))
    net = from_timm(name, params.weights, img_size=params.image_px)
    return ChannelsLastBackbone(net, stages, "norm")
