"""The image tower of OpenAI's CLIP ViT-B/32, frozen: CAFE's feature extractor.

Shapes: B batch, C = 512 channels of the projected class token, not normalised.
Source: Radford et al., Learning Transferable Visual Models From Natural Language Supervision, ICML
2021; network and weights through timm.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from errors import DataError, NoInputError
from train.images import renormalize
from train.methods.weight_files import read_weights, unwrap_state_dict
from train.options import CLIP_CHANNELS

NAME = "vit_base_patch32_clip_quickgelu_224.openai"
RANDOM = "random"
_PATCH_PX = 32
_SEED = 0


class ImageTower:
    """A frozen network that is no submodule of the model: neither trained nor in checkpoints."""

    def __init__(self, net: Any, size_px: int, normalised: str) -> None:  # noqa: ANN401 - a class of timm's
        self._net = net.eval().requires_grad_(False)
        self._size_px, self._normalised = size_px, normalised
        self.sha256 = _digest(net)

    def __call__(self, images_B3HW: Tensor) -> Tensor:
        """Return the projected class token of normalised pictures of any size: (B, C) float32.

        On a GPU the network computes in half precision, its normalisations in full, as published.
        """
        if self._net.cls_token.device != images_B3HW.device:
            self._net.to(images_B3HW.device)
        device = images_B3HW.device.type
        half = torch.autocast(device, torch.float16, enabled=device == "cuda")
        with torch.no_grad(), half:
            images = renormalize(images_B3HW, self._normalised)
            if images.shape[-1] != self._size_px:
                side = [self._size_px, self._size_px]
                images = F.interpolate(images, side, mode="bilinear", antialias=True)
            found: Tensor = self._net(images).float()
        return found

    def __deepcopy__(self, memo: dict[int, object]) -> "ImageTower":
        """Return itself: it is large and never changes."""
        return self


def load_tower(weights: str, sha256: str | None, size_px: int, normalised: str) -> ImageTower:
    """Load the image tower.

    Args:
        weights: `random` (always the same weights, for trying things out), `openai` (fetched by
            timm, so it needs a network), or the path of OpenAI's own file, of its state dict, or
            of timm's.
        sha256: of that file.
        size_px: side of the picture that it sees; 224 as published, other multiples of 32 have
            their position embedding resampled.
        normalised: row of images.INPUTS: as for the network (`imagenet`, as published), or `clip`.

    Raises:
        NoInputError: if the file is not there, or cannot be fetched.
        UsageError: if the file's SHA-256 is not stated.
        CorruptError: if it has another one.
        DataError: if it is another network.
    """
    make = _LOADERS.get(weights, _from_file)
    return ImageTower(make(weights, sha256, size_px), size_px, normalised)


def _random(weights: str, sha256: str | None, size_px: int) -> Any:  # noqa: ANN401 - a class of timm's
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        return _made_by_timm(size_px)


def _fetch(weights: str, sha256: str | None, size_px: int) -> Any:  # noqa: ANN401 - a class of timm's
    try:
        return _made_by_timm(size_px, pretrained=True)
    except (OSError, RuntimeError) as error:
        raise NoInputError(
            NAME,
            "these weights could not be fetched. Connect to a network once, or set head.tower to "
            "the path of the file.",
        ) from error


def _from_file(weights: str, sha256: str | None, size_px: int) -> Any:  # noqa: ANN401 - a class of timm's
    from timm.models.vision_transformer import checkpoint_filter_fn

    net, path = _made_by_timm(size_px), Path(weights)
    found = unwrap_state_dict(read_weights(path, sha256, "head.tower", tuple(_LOADERS)))
    tensors = {name: value for name, value in found.items() if isinstance(value, Tensor)}
    try:
        _refuse_other_patches(tensors)
        named = checkpoint_filter_fn(tensors, net)
        net.load_state_dict({name: value.float() for name, value in named.items()})
    except (RuntimeError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise DataError(path, f"is no image tower of CLIP ViT-B/32: {reason:.200}") from error
    return net


def _refuse_other_patches(tensors: Mapping[str, Tensor]) -> None:
    """Refuse CLIP's other towers, whose patches timm would silently resample."""
    for name, value in tensors.items():
        if value.ndim == 4 and value.shape[-1] != _PATCH_PX:
            raise ValueError(f"{name} has patches of {value.shape[-1]} px.")


def _made_by_timm(size_px: int, **how: object) -> Any:  # noqa: ANN401 - a class of timm's
    import timm  # takes seconds, with torchvision; most methods have no tower

    return timm.create_model(NAME, num_classes=CLIP_CHANNELS, img_size=size_px, **how)


_LOADERS: dict[str, Callable[[str, str | None, int], Any]] = {
    RANDOM: _random,
    "openai": _fetch,
}


def _digest(net: torch.nn.Module) -> str:
    """Return the SHA-256 of all weights, by name."""
    digest = hashlib.sha256()
    for name, value in sorted(net.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()
