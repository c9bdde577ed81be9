"""dlib's face-recognition ResNet without its last stages: a backbone that has seen 3 million faces.

Level 5 of `dlib21` is the stage of 128 channels, that of `dlib27` the stage of 256. With large
maps these stages keep the stride of the stage before and dilate their convolutions instead, so
that each weight meets the neighbours that it was trained on: 11 x 11 at 96 px.

The weights (`train.weights: face`) are in the public domain. They come with the package
face_recognition_models, which holds dlib's landmark model, too. dlib keeps its normalisation
folded into an affine map; `dlib_statistics.npz` holds the running statistics of the embedded
dataset's faces, by which it is unfolded. Evaluation is the same with any statistics; training
starts from them.
Shapes: B batch, C channels, H W rows and columns.
Source: Davis King, dlib-models, 2017; He et al., CVPR 2016.
"""

import hashlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from errors import CorruptError, NoInputError
from train.images import MEAN, STD
from train.methods.backbones.base import Backbone, BackboneOutput
from train.methods.backbones.dlib_file import STAGE_UNITS, read_network
from train.params import TrainParams

SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
STATISTICS = Path(__file__).with_name("dlib_statistics.npz")
_STEM, _WIDTHS = 32, (32, 64, 128, 256, 256)
_FIRST_DILATED = 2
"""With large maps, stages from this one on are dilated instead of strided."""


class ConvNorm(nn.Module):
    """A convolution and its batch normalisation."""

    def __init__(self, inputs: int, width: int, side: int, **how: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, width, side, bias=False, **how)  # type: ignore[arg-type]
        self.norm = nn.BatchNorm2d(width)

    def forward(self, level_BCHW: Tensor) -> Tensor:
        """Convolve, then normalise."""
        normalised: Tensor = self.norm(self.conv(level_BCHW))
        return normalised


class FaceUnit(nn.Module):
    """Two convolutions beside a parameter-free shortcut; the first unit of a stage halves the map.

    Args:
        inputs: channels that come in.
        width: channels that go out.
        halves: whether it is the first unit of a stage that has half the rows of the one before.
        strided: whether it does so by a stride; else the map keeps its size.
        dilation: of the convolutions that follow a halving that was not done.
    """

    def __init__(
        self, inputs: int, width: int, *, halves: bool, strided: bool, dilation: int
    ) -> None:
        super().__init__()
        self.width, self.halves, self.strided = width, halves, strided
        self.before = dilation if strided else max(dilation // 2, 1)  # the map's own spacing
        if halves:
            stride = 2 if strided else 1
            self.first = ConvNorm(inputs, width, 3, stride=stride, dilation=self.before)
        else:
            self.first = ConvNorm(inputs, width, 3, padding=dilation, dilation=dilation)
        self.second = ConvNorm(width, width, 3, padding=dilation, dilation=dilation)

    def forward(self, level_BCHW: Tensor) -> Tensor:
        """Add the residual to the shortcut; the smaller of the two is filled up with zeros."""
        residual_BCHW = self.second(self.first(self._padded(level_BCHW, 2 * self.before)).relu())
        shortcut_BCHW = self._shortcut(level_BCHW)
        size = [
            max(sides)
            for sides in zip(residual_BCHW.shape[2:], shortcut_BCHW.shape[2:], strict=True)
        ]
        return (
            _zero_filled(residual_BCHW, self.width, size)
            + _zero_filled(shortcut_BCHW, self.width, size)
        ).relu()

    def _shortcut(self, level_BCHW: Tensor) -> Tensor:
        """Return the mean of 2 x 2 places, where the unit halves the map."""
        if not self.halves:
            return level_BCHW
        if self.strided:
            return F.avg_pool2d(level_BCHW, 2)
        rows = (level_BCHW + _moved(level_BCHW, self.before, 2)) / 2
        return (rows + _moved(rows, self.before, 3)) / 2

    def _padded(self, level_BCHW: Tensor, border: int) -> Tensor:
        """Add a border below and on the right, where a halving is not done: sizes stay."""
        if not self.halves or self.strided:
            return level_BCHW
        return F.pad(level_BCHW, (0, border, 0, border))


def _moved(level_BCHW: Tensor, step: int, dim: int) -> Tensor:
    """Move places towards the first; the last one is repeated behind them.

    Not by F.pad(mode="replicate"): torch 2.15 does not compile its gradient for channels_last, and
    a GPU adds it up in no fixed order.
    """
    size = level_BCHW.shape[dim]
    last = level_BCHW.narrow(dim, size - 1, 1)
    kept = level_BCHW.narrow(dim, min(step, size), size - min(step, size))
    return torch.cat([kept, *[last] * min(step, size)], dim)


def _zero_filled(level_BCHW: Tensor, channels: int, size: list[int]) -> Tensor:
    missing = (size[1] - level_BCHW.shape[3], size[0] - level_BCHW.shape[2])
    absent = channels - level_BCHW.shape[1]
    if missing == (0, 0) and not absent:
        return level_BCHW
    return F.pad(level_BCHW, (0, missing[0], 0, missing[1], 0, absent))


class Stages(nn.Module):
    """The stem and the first stages of residual units."""

    def __init__(self, count: int, large_maps: bool) -> None:
        super().__init__()
        self.stem = ConvNorm(3, _STEM, 7, stride=2)
        self.stages = nn.ModuleList()
        inputs, dilation = _STEM, 1
        for stage, (width, units) in enumerate(zip(_WIDTHS[:count], STAGE_UNITS, strict=False)):
            strided = not (large_maps and stage >= _FIRST_DILATED)
            dilation *= 1 if strided else 2
            made = []
            for unit in range(units):
                halves = stage > 0 and unit == 0
                made.append(
                    FaceUnit(inputs, width, halves=halves, strided=strided, dilation=dilation)
                )
                inputs = width
            self.stages.append(nn.ModuleList(made))

    def forward(self, images_B3HW: Tensor) -> list[list[Tensor]]:
        """Return the output of the pooled stem, then of every unit of every stage."""
        level = F.max_pool2d(self.stem(images_B3HW).relu(), 3, 2)
        levels = [[level]]
        for stage in self.stages:
            levels.append([])
            for unit in stage.children():
                level = unit(level)
                levels[-1].append(level)
        return levels


class DlibFace(Backbone):
    """Five levels: the stem and the stages; of three stages, the last one is cut in two."""

    def __init__(self, stages: int, large_maps: bool) -> None:
        widths = {3: (32, 32, 64, 128, 128), 4: (32, 32, 64, 128, 256)}[stages]
        super().__init__(Stages(stages, large_maps), widths)

    def forward(self, images_B3HW: Tensor) -> BackboneOutput:
        """Return the five levels."""
        *before, deepest = self.net(images_B3HW)
        levels = [units[-1] for units in before]
        if len(levels) < 4:
            levels.append(deepest[-2])
        return (*levels, deepest[-1]), {}


def dlib_face(stages: int, params: TrainParams) -> Backbone:
    """Make dlib's network with its first 3 or 4 stages, with its weights if they are asked for."""
    backbone = DlibFace(stages, params.large_maps)
    if params.weights == "face":
        load_face_weights(backbone.net)
    return backbone


def face_file() -> Path:
    """Return the installed file of weights.

    Raises:
        NoInputError: if the package is not there.
        CorruptError: if the file is another one.
    """
    package = importlib.util.find_spec(
        "face_recognition_models"
    )  # importing it needs pkg_resources
    folders = package.submodule_search_locations if package else None
    if not folders:
        raise NoInputError(
            "face_recognition_models",
            "is not installed, and its weights are asked for. Run: make setup",
        )
    path = Path(folders[0]) / "models" / "dlib_face_recognition_resnet_model_v1.dat"
    if not path.is_file():
        raise NoInputError(path, "is not there. Install the package face_recognition_models again.")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != SHA256:
        raise CorruptError(
            path, f"has SHA-256 {digest}, not {SHA256}. Install face_recognition_models again."
        )
    return path


def load_face_weights(net: Stages) -> None:
    """Give a network dlib's weights.

    Raises:
        NoInputError, CorruptError: see `face_file`.
        DataError: if the file cannot be read.
    """
    with np.load(STATISTICS) as statistics:
        net.load_state_dict(state_dict(net, read_network(face_file()), statistics))


def state_dict(
    net: Stages,
    arrays: Mapping[str, NDArray[np.float32]],
    statistics: Mapping[str, NDArray[np.float32]],
) -> dict[str, Tensor]:
    """Return dlib's weights by the names of a network, its affine maps as batch normalisation.

    Args:
        net: whose convolutions are wanted.
        arrays: from `read_network`.
        statistics: `<convolution>.mean` and `.variance` of what each convolution gives on faces.

    Returns:
        A state dict. The input normalisation of AULens is folded into the first convolution, which
        pads nothing, so nothing is lost.
    """
    tensors = {name: torch.tensor(values) for name, values in arrays.items()}
    mean, std = torch.tensor(MEAN), torch.tensor(STD)
    stem = tensors["stem.weight"]
    shift = (255 * mean - tensors["input.means"]) / 256
    tensors["stem.bias"] = tensors["stem.bias"] + (stem.sum(dim=(2, 3)) * shift).sum(dim=1)
    tensors["stem.weight"] = stem * (255 * std / 256).view(1, 3, 1, 1)
    found: dict[str, Tensor] = {}
    for name, module in net.named_modules():
        if not isinstance(module, ConvNorm):
            continue
        average = torch.tensor(statistics[f"{name}.mean"])
        variance = torch.tensor(statistics[f"{name}.variance"])
        gamma, bias = tensors[f"{name}.gamma"], tensors[f"{name}.bias"]
        found |= {
            f"{name}.conv.weight": tensors[f"{name}.weight"],
            f"{name}.norm.weight": gamma * (variance + module.norm.eps).sqrt(),
            f"{name}.norm.bias": tensors[f"{name}.beta"] + gamma * (bias + average),
            f"{name}.norm.running_mean": average,
            f"{name}.norm.running_var": variance,
            f"{name}.norm.num_batches_tracked": torch.tensor(0),
        }
    return found
