"""Images and maps as tensors: resize, normalise, scale to [0, 1].

Shared by data, methods and evaluation.
Shapes: B batch, S side of the stored image, H W rows and columns.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from train.device import constant

_COARSE = 16

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
INPUTS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "imagenet": (MEAN, STD),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "unit": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "vggface2": ((131.0912 / 255, 103.8827 / 255, 91.4953 / 255), (1 / 255, 1 / 255, 1 / 255)),
    "clip": (
        (0.48145466, 0.4578275, 0.40821073),
        (0.26862954, 0.26130258, 0.27577711),
    ),
}
"""Name -> mean and deviation of pictures in [0, 1] by which networks expect them normalised.

`unit` leaves them as they are; VGGFace2's networks take 0 to 255 less its mean colour.
"""


def eval_images(images_BSS3: Tensor, image_px: int) -> Tensor:
    """Resize and normalise a batch of stored images, for validation and testing."""
    return normalize_images(resize_images(images_BSS3, image_px))


def resize_images(images_BSS3: Tensor, side: int) -> Tensor:
    """Return stored uint8 images as float (B, 3, side, side) in [0, 1]."""
    images = images_BSS3.permute(0, 3, 1, 2).float() / 255
    if images.shape[-1] == side:
        return images
    return F.interpolate(images, [side, side], mode="bilinear", align_corners=False, antialias=True)


def normalize_images(images: Tensor) -> Tensor:
    """Subtract the mean and divide by the deviation of ImageNet, in channels-last layout."""
    mean, std = (
        constant(values, images.device, images.dtype).view(1, 3, 1, 1) for values in (MEAN, STD)
    )
    return ((images - mean) / std).contiguous(memory_format=torch.channels_last)


def denormalize_images(images: Tensor) -> Tensor:
    """Undo `normalize_images`."""
    mean, std = (
        constant(values, images.device, images.dtype).view(1, 3, 1, 1) for values in (MEAN, STD)
    )
    return images * std + mean


def blur_images(images_B3SS: Tensor) -> Tensor:
    """Shrink pictures to a sixteenth and enlarge them again: colours stay, features are gone."""
    side = images_B3SS.shape[-1]
    coarse = [max(1, side // _COARSE)] * 2
    small = F.interpolate(images_B3SS, coarse, mode="bilinear", antialias=True)
    return F.interpolate(small, [side, side], mode="bilinear")


def renormalize(images_B3HW: Tensor, name: str) -> Tensor:
    """Normalise pictures that are normalised as for ImageNet in another way.

    Args:
        images_B3HW: see normalize_images.
        name: row of INPUTS.
    """
    if name == "imagenet":
        return images_B3HW
    mean, std, other_mean, other_std = (
        constant(values, images_B3HW.device, images_B3HW.dtype).view(1, 3, 1, 1)
        for values in (MEAN, STD, *INPUTS[name])
    )
    return (images_B3HW * std + mean - other_mean) / other_std


def minmax_normalize(maps_HW: Tensor) -> Tensor:
    """Scale each map to [0, 1]; a constant one becomes zero.

    Rows and columns are the last two axes.
    """
    low = maps_HW.amin(dim=(-2, -1), keepdim=True)
    height = maps_HW.amax(dim=(-2, -1), keepdim=True) - low
    varies = height > 0
    return torch.where(varies, (maps_HW - low) / torch.where(varies, height, 1), 0)
