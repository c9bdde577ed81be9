"""Outlines of things before a face, placed by its eyes, nose and mouth.

An outline is drawn at four times the size and shrunk, so that its rim is soft.

Shapes: S side of the face; points are eyes, nose tip, mouth corners (5, 2), x and y in px of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.occlusion.textures import TEXTURES
from store.records import U8Image

Points = NDArray[np.floating]
Alpha = NDArray[np.float32]
"""How much of each pixel is covered, (S, S) in [0, 1]."""

_FINER = 4


@dataclass(slots=True)
class Stencil:
    """A canvas on which an outline is filled.

    Attributes:
        side: of the face, px.
    """

    side: int
    _canvas: U8Image = field(init=False)

    def __post_init__(self) -> None:
        finer = self.side * _FINER
        self._canvas = np.zeros((finer, finer), np.uint8)

    def polygon(self, points: Points) -> None:
        """Fill a polygon; points (n, 2) in px of the face."""
        cv2.fillPoly(self._canvas, [_fine(points)], 255)

    def ellipse(self, centre: Points, radii: Sequence[float], degrees: float) -> None:
        """Fill a turned ellipse."""
        x, y = _fine(centre).tolist()
        axes = [max(1, round(radius * _FINER)) for radius in radii]
        cv2.ellipse(self._canvas, (x, y), axes, degrees, 0, 360, 255, -1)

    def limb(self, start: Points, end: Points, width: float) -> None:
        """Draw a thick line with round ends: a finger, an arm, a strap."""
        ends = [tuple(_fine(point).tolist()) for point in (start, end)]
        cv2.line(self._canvas, ends[0], ends[1], 255, max(1, round(width * _FINER)))

    def alpha(self) -> Alpha:
        """Return what is covered."""
        small = cv2.resize(self._canvas, (self.side, self.side), interpolation=cv2.INTER_AREA)
        return np.asarray(small / np.float32(255), np.float32)


def _fine(points: Points) -> NDArray[np.int32]:
    fine: NDArray[np.int32] = np.rint((np.asarray(points) + 0.5) * _FINER - 0.5).astype(np.int32)
    return fine


def _unit(points_52: Points) -> float:
    """Return the distance of the eyes, by which things are sized."""
    return float(np.linalg.norm(points_52[1] - points_52[0]))


def _moved(point: Points, right: float, down: float) -> Points:
    moved: Points = point + np.array([right, down])
    return moved


def hand(stencil: Stencil, points_52: Points, rng: np.random.Generator) -> None:
    """A palm with fingers, before mouth, cheek, eye or chin; the arm comes from the rim."""
    unit, turn = _unit(points_52), rng.uniform(0, 2 * np.pi)
    target = points_52[rng.integers(5)] + rng.normal(0, 0.15, 2) * unit
    size = unit * rng.uniform(0.35, 0.55)
    along = np.array([np.cos(turn), np.sin(turn)])
    stencil.ellipse(target, (size, size * 0.8), np.degrees(turn))
    stencil.limb(target, target - along * 6 * unit, size * 1.1)
    for spread in np.deg2rad(rng.uniform(8, 14)) * np.arange(-1.5, 2):
        way = np.array([np.cos(turn + spread), np.sin(turn + spread)])
        bent = 1 if rng.random() < 0.7 else 0.6
        stencil.limb(target + way * size * 0.5, target + way * size * 2.1 * bent, size * 0.38)
    thumb = turn + rng.choice([-1, 1]) * np.deg2rad(60)
    way = np.array([np.cos(thumb), np.sin(thumb)])
    stencil.limb(target, target + way * size * 1.4, size * 0.42)


def mask(stencil: Stencil, points_52: Points, rng: np.random.Generator) -> None:
    """A face mask, from the nose to below the chin, with straps."""
    unit = _unit(points_52)
    nose, mouth = points_52[2], points_52[3:].mean(axis=0)
    top = _moved(nose, 0, -rng.uniform(0.05, 0.3) * unit)
    low = _moved(mouth, 0, rng.uniform(0.55, 0.8) * unit)
    half = rng.uniform(0.75, 0.95) * unit
    right, left = (_moved(top, side * half, 0.15 * unit) for side in (1, -1))
    chin = [_moved(low, side * half * 0.55, 0) for side in (1, -1)]
    stencil.polygon(np.array([top, right, *chin, left]))
    for side, corner in ((1, right), (-1, left)):
        ear = _moved(corner, side * 2 * unit, -rng.uniform(0.2, 0.8) * unit)
        stencil.limb(corner, ear, 0.06 * unit)


def glasses(stencil: Stencil, points_52: Points, rng: np.random.Generator) -> None:
    """Sunglasses: two lenses, a bridge, temples."""
    unit, tilt = _unit(points_52), np.degrees(np.arctan2(*(points_52[1] - points_52[0])[::-1]))
    radii = unit * rng.uniform(0.32, 0.46), unit * rng.uniform(0.2, 0.36)
    low = rng.uniform(-0.02, 0.1) * unit
    for side, eye in ((-1, points_52[0]), (1, points_52[1])):
        stencil.ellipse(_moved(eye, 0, low), radii, tilt)
        outer = _moved(eye, side * radii[0], low - radii[1] * 0.3)
        stencil.limb(outer, _moved(outer, side * 2 * unit, -0.1 * unit), unit * 0.08)
    stencil.limb(points_52[0], points_52[1], unit * 0.1)


def bar(stencil: Stencil, points_52: Points, rng: np.random.Generator) -> None:
    """A turned rectangle anywhere on the face: a phone, a sheet, a censor's bar."""
    unit, turn = _unit(points_52), rng.uniform(0, np.pi)
    centre = points_52.mean(axis=0) + rng.uniform(-0.8, 0.8, 2) * unit
    half = unit * rng.uniform(0.5, 1.0), unit * rng.uniform(0.18, 0.5)
    cos, sin = np.cos(turn), np.sin(turn)
    corners = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) * half
    stencil.polygon(centre + corners @ np.array([[cos, sin], [-sin, cos]]))


def scarf(stencil: Stencil, points_52: Points, rng: np.random.Generator) -> None:
    """Cloth with a wavy upper edge, from mouth or nose down to the rim."""
    unit, side = _unit(points_52), stencil.side
    nose, mouth = points_52[2], points_52[3:].mean(axis=0)
    level = nose[1] + rng.uniform(0.0, 1.1) * (mouth[1] - nose[1])
    columns = np.linspace(-1, side, 24)
    waves, start = rng.uniform(1, 3), rng.uniform(0, 2 * np.pi)
    edge = level + 0.08 * unit * np.sin(columns / side * 2 * np.pi * waves + start)
    edge += rng.uniform(-0.2, 0.2) * (columns - side / 2)
    upper = np.stack([columns, edge], axis=1)
    stencil.polygon(np.concatenate([upper, [[side, side], [-1, side]]]))


Outline = Callable[[Stencil, Points, np.random.Generator], None]


@dataclass(frozen=True, slots=True)
class Occluder:
    """A kind of thing before a face: its outline, and the textures that it may have."""

    outline: Outline
    textures: tuple[str, ...]


_CLOTHS = ("plain", "stripes", "checks", "cloth")

OCCLUDERS: Mapping[str, Occluder] = {
    "hand": Occluder(hand, ("skin", "skin", "cloth")),  # a glove now and then
    "mask": Occluder(mask, _CLOTHS),
    "glasses": Occluder(glasses, ("dark",)),
    "bar": Occluder(bar, (*_CLOTHS, "dark")),
    "scarf": Occluder(scarf, _CLOTHS),
}
"""Name -> occluder."""


def put_before(
    image_SS3: U8Image, points_52: Points, name: str, rng: np.random.Generator
) -> tuple[U8Image, Alpha]:
    """Draw a thing before a face.

    Args:
        image_SS3: upright face.
        points_52: its eyes, nose tip and mouth corners.
        name: row of OCCLUDERS.
        rng: decides place, size, texture.

    Returns:
        The face behind it, and what is covered.
    """
    occluder, side = OCCLUDERS[name], len(image_SS3)
    stencil = Stencil(side)
    occluder.outline(stencil, points_52, rng)
    texture = TEXTURES[str(rng.choice(occluder.textures))](side, rng)
    alpha = stencil.alpha()
    mixed = image_SS3 * (1 - alpha[..., None]) + texture * alpha[..., None]
    if (image_SS3[..., :1] == image_SS3).all():  # a grey face has nothing coloured before it
        grey = texture.mean(axis=2, keepdims=True)
        mixed = image_SS3 * (1 - alpha[..., None]) + grey * alpha[..., None]
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8), alpha
