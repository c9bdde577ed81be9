"""Draws the backdrop behind the face.

Textures of scikit-image, gradients, blobs, or a studio wall like the portrait's.

A backdrop is a function (rng, size_px) -> float32 RGB in [0, 1], (S, S, 3). Nothing here shows a
face.
"""

from collections.abc import Callable, Mapping
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

F32Image = NDArray[np.float32]

TEXTURES = ("brick", "grass", "gravel", "coffee", "rocket", "hubble_deep_field", "moon")
"""Pictures that ship inside scikit-image's wheel, so none is downloaded."""

_STUDIO = (0.74, 0.70, 0.70)


def draw(rng: np.random.Generator, size_px: int) -> F32Image:
    """Draw a backdrop: 30 % the studio wall, else any of the others."""
    others = [name for name in BACKDROPS if name != "studio"]
    name = "studio" if rng.random() < 0.3 else str(rng.choice(others))
    return BACKDROPS[name](rng, size_px)


def studio(rng: np.random.Generator, size_px: int) -> F32Image:
    """Return a mottled pale wall."""
    cloud = rng.normal(0, 0.025, (5, 5, 1)) + rng.normal(0, 0.006, (5, 5, 3))
    return _enlarged(np.array(_STUDIO) + cloud, size_px)


def blobs(rng: np.random.Generator, size_px: int) -> F32Image:
    """Return large soft patches of any colour, like a room out of focus."""
    return _enlarged(_pale(rng.uniform(0, 1, (6, 6, 3))), size_px)


def gradient(rng: np.random.Generator, size_px: int) -> F32Image:
    """Return one colour passing into another."""
    return _enlarged(_pale(rng.uniform(0, 1, (2, 2, 3))), size_px)


def texture(rng: np.random.Generator, size_px: int) -> F32Image:
    """Return part of a texture, tinted and mirrored by chance."""
    whole = _texture(TEXTURES[rng.integers(len(TEXTURES))])
    height, width = whole.shape[:2]
    side = int(rng.uniform(0.3, 1.0) * min(height, width))
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    part = whole[top : top + side, left : left + side, :]
    method = cv2.INTER_AREA if side > size_px else cv2.INTER_LINEAR
    resized = cv2.resize(part, (size_px, size_px), interpolation=method).astype(np.float32) / 255
    tint = rng.uniform(0.6, 1.15, 3).astype(np.float32)
    tinted: F32Image = np.clip(resized[:, :: int(rng.choice([-1, 1]))] * tint, 0, 1)
    return tinted


BACKDROPS: Mapping[str, Callable[[np.random.Generator, int], F32Image]] = {
    "studio": studio,
    "texture": texture,
    "gradient": gradient,
    "blobs": blobs,
}


@cache
def _texture(name: str) -> NDArray[np.uint8]:
    """Return one of TEXTURES as RGB, read-only."""
    from skimage import data

    picture = getattr(data, name)()
    colour = np.ascontiguousarray(
        picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    )
    colour.setflags(write=False)
    return colour


def _pale(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return colours moved half way towards their grey."""
    pale: NDArray[np.float64] = (colours + colours.mean(axis=-1, keepdims=True)) / 2
    return pale


def _enlarged(small: NDArray[np.float64], size_px: int) -> F32Image:
    """Return a few colours spread smoothly over a picture."""
    spread = cv2.resize(small.astype(np.float32), (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    clipped: F32Image = np.clip(spread, 0, 1)
    return clipped
