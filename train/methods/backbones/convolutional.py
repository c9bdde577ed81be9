"""Convolutional backbones and Swin, which has such stages too, through timm.

With `large_maps`, levels 4 and 5 keep the size of level 3: a ResNet without dilation, as published,
the pyramids and ConvNeXt with it, so that each weight meets the neighbours it was trained on. VGG
pools only between its levels and is large as it is; Swin's windows would no longer fit.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from train.methods import LEVELS
from train.methods.backbones.base import Backbone, BackboneOutput, from_timm
from train.params import TrainParams

_STEM_STRIDE, _LARGEST_STRIDE = 2, 8


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


def caffe_resnet(name: str, params: TrainParams) -> Backbone:
    """Make a ResNet of bottlenecks as VGGFace2's weights have it, which came from Caffe.

    A stage halves its map in the first convolution of its first block instead of the second, and
    the stem pools without a border, rounding up.

    Source: Cao et al., VGGFace2, FG 2018, and its code.
    """
    backbone = resnet(name, params)
    backbone.net.maxpool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
    for stage in ("layer2", "layer3", "layer4"):
        block = backbone.net.get_submodule(stage)[0]
        block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride
    return backbone


def vgg(name: str, params: TrainParams) -> Backbone:
    """Make a VGG: levels after the last convolution before each of its five poolings."""
    return VGGBackbone(from_timm(name, params.weights))


def pyramid(name: str, params: TrainParams) -> Backbone:
    """Make an EfficientNet or MobileNet: levels after the last block of each of five strides.

    With `large_maps`: 28 x 28 at 224.
    """
    net = from_timm(name, params.weights)
    if params.large_maps:
        _dilate(net.blocks, _STEM_STRIDE)
    return TimmLevels(net)


def _dilate(blocks: nn.Module, stride: int) -> None:
    """Replace every stride beyond `_LARGEST_STRIDE` by a dilation of what follows.

    Args:
        blocks: of a network, with their convolutions in the order in which they run.
        stride: of the map that enters them.

    Source: Yu et al., Dilated Residual Networks, CVPR 2017.
    """
    dilation = 1
    for conv in blocks.modules():
        if not isinstance(conv, nn.Conv2d):
            continue
        conv.dilation = (dilation, dilation)
        conv.padding = tuple(dilation * (side - 1) // 2 for side in conv.kernel_size)
        if conv.stride[0] == 1:
            continue
        stride *= conv.stride[0]
        if stride > _LARGEST_STRIDE:
            dilation *= conv.stride[0]
            conv.stride = (1, 1)


def convnext(name: str, params: TrainParams) -> Backbone:
    """Make a ConvNeXt: levels stem, then its four stages. With `large_maps`: 28 x 28 at 224."""
    stages = ("stem", *(f"stages.{number}" for number in range(4)))
    how = {"output_stride": _LARGEST_STRIDE} if params.large_maps else {}
    return StagedBackbone(from_timm(name, params.weights, **how), stages)


def swin(name: str, params: TrainParams) -> Backbone:
    """Make a Swin transformer: levels patch embedding, then its four stages, the last normed."""
    stages = ("patch_embed", *(f"layers.{number}" for number in range(4)))
    net = from_timm(name, params.weights, img_size=params.image_px)
    return ChannelsLastBackbone(net, stages, "norm")
