"""Surfaces of drawn occluders: RGB pictures in [0, 255], float32.

Shapes: S side of the face.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Texture = Callable[[int, np.random.Generator], Picture]


def plain(side: int, rng: np.random.Generator) -> Picture:
    """Return one colour."""
    return np.broadcast_to(_colour(rng), (side, side, 3)).astype(np.float32)


def stripes(side: int, rng: np.random.Generator) -> Picture:
    """Return stripes of two colours, in any direction."""
    angle, period = rng.uniform(0, np.pi), side * rng.uniform(0.03, 0.12)
    rows, columns = np.mgrid[:side, :side]
    wave = np.sin((rows * np.sin(angle) + columns * np.cos(angle)) * (2 * np.pi / period))
    return _blend(wave > 0, rng)


def checks(side: int, rng: np.random.Generator) -> Picture:
    """Return a chequered cloth of two colours."""
    cell = max(2.0, side * rng.uniform(0.03, 0.1))
    rows, columns = np.mgrid[:side, :side]
    return _blend(((rows // cell + columns // cell) % 2).astype(bool), rng)


def cloth(side: int, rng: np.random.Generator) -> Picture:
    """Return one colour with soft folds and a fine grain."""
    folds = cv2.resize(rng.normal(0, 22, (6, 6)), (side, side), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 5, (side, side))
    return _shown(_colour(rng) + (folds + grain)[..., None])


def skin(side: int, rng: np.random.Generator) -> Picture:
    """Return a tone of skin, lit from one side."""
    dark, light = np.array([62.0, 40.0, 30.0]), np.array([242.0, 206.0, 180.0])
    tone = dark + rng.uniform(0.1, 1) * (light - dark)
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[:side, :side] / side - 0.5
    shade = 1 + 0.35 * (rows * np.sin(angle) + columns * np.cos(angle))
    return _shown(tone * shade[..., None] + rng.normal(0, 3, (side, side, 1)))


def dark(side: int, rng: np.random.Generator) -> Picture:
    """Return dark glass with a bright reflection across it."""
    rows, columns = np.mgrid[:side, :side] / side
    glint = np.exp(-(((rows + columns - rng.uniform(0.6, 1.2)) / 0.05) ** 2)) * rng.uniform(0, 60)
    base = rng.uniform(5, 45, 3)
    return _shown(base + glint[..., None])


TEXTURES: dict[str, Texture] = {
    "plain": plain,
    "stripes": stripes,
    "checks": checks,
    "cloth": cloth,
    "skin": skin,
    "dark": dark,
}
"""Name -> (side of the face, rng) -> the surface, as large as the face."""


def _shown(picture: NDArray[np.float64]) -> Picture:
    return np.asarray(np.clip(picture, 0, 255), np.float32)


def _colour(rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.uniform(10, 245, 3)


def _blend(chosen: NDArray[np.bool_], rng: np.random.Generator) -> Picture:
    return np.where(chosen[..., None], _colour(rng), _colour(rng)).astype(np.float32)
