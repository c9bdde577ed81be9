"""The base of backbones: images in, five levels of activations out, shallow to deep.

Level n is "layer n" of the papers. Level 1 is the stem or the patch embedding; level 5 is what the
head reads, so `alignment.layers: [5]` means the same for a ResNet and a transformer.
Shapes: B batch, C channels, H W rows and columns.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from errors import NoInputError
from train.images import MEAN, STD
from train.methods import LEVELS

BackboneOutput = tuple[tuple[Tensor, ...], Mapping[str, Tensor]]
"""Five levels (B, C, H, W), and extra tensors that some CAM methods need, by name."""


class Backbone(nn.Module):
    """A network and the channels of its levels: (B, 3, H, W) -> BackboneOutput."""

    def __init__(self, net: nn.Module, channels: tuple[int, ...]) -> None:
        super().__init__()
        assert len(channels) == LEVELS
        self.net: Any = net  # its class is timm's business
        self.channels = channels


def from_timm(name: str, weights: str, **how: object) -> Any:  # noqa: ANN401 - a class of timm's
    """Make one of timm's networks without its classifier.

    Args:
        name: timm's, with the tag of its weights: `resnet50.tv_in1k`.
        weights: `imagenet` fetches them; anything else is loaded later, see weights.
        how: what the network's maker takes.

    Raises:
        NoInputError: if the weights cannot be fetched.
    """
    import timm  # takes seconds, with torchvision; not every backbone needs it

    if weights != "imagenet":
        return timm.create_model(name, num_classes=0, **how)
    try:
        net = timm.create_model(name, num_classes=0, pretrained=True, **how)
    except (OSError, RuntimeError) as error:
        raise NoInputError(
            name,
            "these weights could not be fetched. "
            "Connect to a network once, or set train.weights: none, or a path.",
        ) from error
    trained_with = net.pretrained_cfg["mean"], net.pretrained_cfg["std"]
    if trained_with != (MEAN, STD):
        fold_normalisation(net.get_submodule(net.pretrained_cfg["first_conv"]), *trained_with)
    return net


def fold_normalisation(conv: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    """Let a network's first convolution take images normalised as ours, by its own mean and std.

    Exact, since it has a bias and pads nothing.
    """
    assert isinstance(conv, nn.Conv2d)
    assert conv.bias is not None
    ours, theirs = (torch.tensor(pair) for pair in ((MEAN, STD), (mean, std)))
    scale_C, shift_C = ours[1] / theirs[1], (ours[0] - theirs[0]) / theirs[1]
    with torch.no_grad():
        conv.bias += torch.einsum("ocij,c->o", conv.weight, shift_C)
        conv.weight *= scale_C[:, None, None]
