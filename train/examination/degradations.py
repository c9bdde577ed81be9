"""Degraded faces: blur, noise, darkness, rotation, hidden eyes or mouth, JPEG.

Shapes: B batch, S side of the stored faces.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from anatomy.landmarks import REGIONS

U8 = NDArray[np.uint8]
Floats = NDArray[np.floating]
_GREY = 128


class DegradedFaces(NamedTuple):
    """Faces and their landmarks, px of these faces, after a degradation."""

    images_BSS3: U8
    points_B682: Floats


Degrade = Callable[[U8, Floats, float, NDArray[np.int64]], DegradedFaces]
"""(faces (B, S, S, 3), landmarks (B, 68, 2), amount, seeds (B,)) -> degraded."""


@dataclass(frozen=True, slots=True)
class Degradation:
    """How faces are degraded, and what its amount is."""

    degrade: Degrade
    unit: str


def _float(images_BSS3: U8) -> Tensor:
    return torch.from_numpy(images_BSS3).permute(0, 3, 1, 2).float()


def _bytes(images_B3SS: Tensor) -> U8:
    return images_B3SS.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()


def blur(
    images_BSS3: U8, points: Floats, percent: float, seeds: NDArray[np.int64]
) -> DegradedFaces:
    """Blur with a Gaussian whose deviation is this percentage of the side."""
    sigma = percent / 100 * images_BSS3.shape[1]
    reach = max(1, min(int(3 * sigma + 0.5), images_BSS3.shape[1] - 1))
    offsets = torch.arange(-reach, reach + 1).float()
    kernel = torch.exp(-(offsets**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(3, 1, -1)
    images = F.pad(_float(images_BSS3), [reach] * 4, mode="reflect")
    images = F.conv2d(images, kernel[:, :, None], groups=3)
    return DegradedFaces(_bytes(F.conv2d(images, kernel[..., None], groups=3)), points)


def noise(images_BSS3: U8, points: Floats, std: float, seeds: NDArray[np.int64]) -> DegradedFaces:
    """Add Gaussian noise; each face has its own, whatever the batch."""
    made = [
        np.random.default_rng(seed).normal(0, std, images_BSS3.shape[1:]) for seed in seeds.tolist()
    ]
    noisy = np.rint(images_BSS3 + np.stack(made)).clip(0, 255)
    return DegradedFaces(noisy.astype(np.uint8), points)


def darkness(
    images_BSS3: U8, points: Floats, share: float, seeds: NDArray[np.int64]
) -> DegradedFaces:
    """Take this share of the light away."""
    return DegradedFaces(np.rint(images_BSS3 * (1 - share)).astype(np.uint8), points)


def rotation(
    images_BSS3: U8, points_B682: Floats, degrees: float, seeds: NDArray[np.int64]
) -> DegradedFaces:
    """Turn pictures and landmarks about the centre; every second face the other way."""
    turns_B = np.deg2rad(degrees) * np.where(seeds % 2 == 0, 1.0, -1.0)
    cos, sin = np.cos(turns_B), np.sin(turns_B)
    matrix_B22 = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], 1)
    centre = (images_BSS3.shape[1] - 1) / 2
    turned = np.einsum("bij,bpj->bpi", matrix_B22, points_B682 - centre) + centre
    inverse = torch.from_numpy(matrix_B22.transpose(0, 2, 1)).float()
    theta_B23 = torch.cat([inverse, torch.zeros(len(inverse), 2, 1)], dim=2)
    images = _float(images_BSS3)
    grid = F.affine_grid(theta_B23, list(images.shape), align_corners=False)
    images = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return DegradedFaces(_bytes(images), turned)


def jpeg(
    images_BSS3: U8, points: Floats, quality: float, seeds: NDArray[np.int64]
) -> DegradedFaces:
    """Write and read as JPEG of this quality."""
    import simplejpeg

    made = [
        simplejpeg.decode_jpeg(simplejpeg.encode_jpeg(np.ascontiguousarray(one), int(quality)))
        for one in images_BSS3
    ]
    return DegradedFaces(np.stack(made), points)


def hide_around(names: tuple[str, ...]) -> Degrade:
    """Return a degradation that covers the box around some landmarks in grey.

    Its amount is the size of the cover as a share of that box, along each axis. A face without
    landmarks stays as it is.
    """
    chosen = [point for name in names for point in REGIONS[name]]

    def degrade(
        images_BSS3: U8, points_B682: Floats, share: float, seeds: NDArray[np.int64]
    ) -> DegradedFaces:
        covered = images_BSS3.copy()
        for image, points in zip(covered, points_B682[:, chosen], strict=True):
            if np.isfinite(points).all():
                low, high = points.min(axis=0), points.max(axis=0)
                middle, half = (low + high) / 2, (high - low) / 2 * share
                left, top = np.maximum(np.rint(middle - half), 0).astype(int)
                right, bottom = np.maximum(np.rint(middle + half) + 1, 0).astype(int)
                image[top:bottom, left:right] = _GREY
        return DegradedFaces(covered, points_B682)

    return degrade


DEGRADATIONS: dict[str, Degradation] = {
    "blur": Degradation(blur, "deviation, % of the side"),
    "noise": Degradation(noise, "deviation, grey levels"),
    "darkness": Degradation(darkness, "share of the light taken"),
    "rotation": Degradation(rotation, "degrees"),
    "eyes_hidden": Degradation(
        hide_around(("left brow", "right brow", "left eye", "right eye")), "share of brows and eyes"
    ),
    "mouth_hidden": Degradation(hide_around(("outer lip",)), "share of the mouth"),
    "jpeg": Degradation(jpeg, "quality"),
}
"""Name -> how, and the unit of its amounts."""
