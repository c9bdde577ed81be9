"""IR, the residual network of ArcFace, up to its third stage: 256 x 14 x 14 at 112 px.

Names of parameters are those of the published face-recognition weights, so these load as they are.
Source: Deng et al., ArcFace, CVPR 2019; Xue et al., Vision Transformer with Attentive Pooling,
2022.
"""

from itertools import accumulate

from torch import Tensor, nn

from train.methods.backbones.base import Backbone, BackboneOutput
from train.params import TrainParams

_STEM, _WIDTHS = 64, (64, 128, 256)


class ResidualUnit(nn.Module):
    """Two convolutions beside a shortcut, normed before and after; the second one strides."""

    def __init__(self, inside: int, width: int, stride: int) -> None:
        super().__init__()
        self.shortcut_layer: nn.Module = nn.MaxPool2d(1, stride)
        if inside != width:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(inside, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(inside),
            nn.Conv2d(inside, width, 3, 1, 1, bias=False),
            nn.PReLU(width),
            nn.Conv2d(width, width, 3, stride, 1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, feature_BCHW: Tensor) -> Tensor:
        """Add the convolutions' output to the shortcut."""
        found: Tensor = self.res_layer(feature_BCHW) + self.shortcut_layer(feature_BCHW)
        return found


class IRStages(nn.Module):
    """The stem and the units of three stages, each of which halves rows and columns."""

    def __init__(self, depths: tuple[int, int, int]) -> None:
        super().__init__()
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, _STEM, 3, 1, 1, bias=False), nn.BatchNorm2d(_STEM), nn.PReLU(_STEM)
        )
        units, inside = [], _STEM
        for width, depth in zip(_WIDTHS, depths, strict=True):
            for number in range(depth):
                units.append(ResidualUnit(inside, width, 1 if number else 2))
                inside = width
        self.body = nn.ModuleList(units)


class IRNet(Backbone):
    """Levels: stem, stage 1, stage 2, half of stage 3, stage 3."""

    def __init__(self, depths: tuple[int, int, int]) -> None:
        super().__init__(IRStages(depths), (_STEM, *_WIDTHS, _WIDTHS[-1]))
        first, second, third = accumulate(depths)
        self._kept = {first, second, second + -(-depths[2] // 2), third}

    def forward(self, images_B3HW: Tensor) -> BackboneOutput:
        """Return the five levels."""
        value = self.net.input_layer(images_B3HW)
        levels = [value]
        for number, unit in enumerate(self.net.body, start=1):
            value = unit(value)
            if number in self._kept:
                levels.append(value)
        return tuple(levels), {}


def ir(depths: tuple[int, int, int], params: TrainParams) -> Backbone:
    """Make an IR network by the units of its stages."""
    return IRNet(depths)
