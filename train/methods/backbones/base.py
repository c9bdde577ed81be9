"""The base of backbones: images in, five levels of activations out, shallow to deep.

Level n is "layer n" of the papers. Level 1 is the stem or the patch embedding; level 5 is what the
head reads, so `alignment.layers: [5]` means the same for a ResNet and a transformer.
Shapes: B batch, C channels, H W rows and columns.
"""

from collections.abc import Mapping
from typing import Any

import timm
from torch import Tensor, nn

from errors import NoInputError
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
    if weights != "imagenet":
        return timm.create_model(name, num_classes=0, **how)
    try:
        return timm.create_model(name, num_classes=0, pretrained=True, **how)
    except (OSError, RuntimeError) as error:
        raise NoInputError(
            name,
            "these weights could not be fetched. "
            "Connect to a network once, or set train.weights: none, or a path.",
        ) from error
