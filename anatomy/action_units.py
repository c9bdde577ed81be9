"""Action units (AUs): where on the face each is drawn.

Every AU is one or two upright ellipses set by landmarks; coordinates are whole px of the canvas,
cut toward zero. ACTION_UNITS holds the numbers of the published system (Belharbi et al., FG 2024);
where a row looks odd, it says so, and CORRECTED_UNITS puts it right.
Shapes: N faces, L = 68 points.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

PUBLISHED_CANVAS_PX = 224
PUBLISHED_EYES_PX = 70.5
"""Distance of the eye centres in published 224 px crops (ArcFace's reference points, doubled)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Some faces, each on a canvas of its own.

    Attributes:
        points_NL2: landmarks (x, y), whole px.
        canvas_px: side of the canvas.
        scale_N: size of each face against the published crops; None keeps the published lengths.
    """

    points_NL2: Ints
    canvas_px: int
    scale_N: NDArray[np.float64] | None

    def length(self, px: int) -> Ints:
        """Return a published length in px of this canvas: (N,)."""
        return self._scaled(px)

    def share(self, divisor: int) -> Ints:
        """Return a published fraction of the canvas in px of this canvas: (N,)."""
        side = self.canvas_px if self.scale_N is None else PUBLISHED_CANVAS_PX
        return self._scaled(side / divisor)

    def _scaled(self, px: float) -> Ints:
        scale_N = np.ones(len(self.points_NL2)) if self.scale_N is None else self.scale_N
        return np.rint(px * scale_N).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Extent:
    """A half axis of an ellipse.

    Attributes:
        px: a fixed length; used if neither of the next two is given.
        canvas: if given, the canvas' side divided by this.
        span: if given, half the distance from the first to the second of these points along the
            axis.
        extra: px added to the span before halving.
        least: what to use when the span is nothing or negative, as on a rolled head.
    """

    px: int = 0
    canvas: int | None = None
    span: tuple[int, int] | None = None
    extra: int = 0
    least: int = 5

    def along(self, axis: Literal[0, 1], frame: Frame) -> Ints:
        """Return the length in px on every face, (N,); axis 0 is x, 1 is y."""
        if self.canvas is not None:
            return frame.share(self.canvas)
        if self.span is None:
            return frame.length(self.px)
        start_N, end_N = (frame.points_NL2[:, point, axis] for point in self.span)
        half_N = _half(end_N - start_N + frame.length(self.extra))
        return np.where(half_N > 0, half_N, self.least)

    def __str__(self) -> str:
        if self.canvas is not None:
            return f"canvas/{self.canvas}"
        if self.span is None:
            return f"{self.px} px"
        extra = f" + {self.extra} px" if self.extra else ""
        return f"half of {self.span[0]} to {self.span[1]}{extra}"


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An upright ellipse on the face.

    Attributes:
        x, y: the two points whose mean is the centre, along each axis.
        a, b: horizontal and vertical half axis.
        right: px by which the centre is moved to the right, but not off the canvas.
        down: the centre is moved down by the canvas' side divided by this.
    """

    x: tuple[int, int]
    y: tuple[int, int]
    a: Extent
    b: Extent
    right: int = 0
    down: int | None = None

    def on(self, frame: Frame) -> tuple[Ints, Ints]:
        """Return centre (x, y) and half axes (a, b) on every face, whole px: (N, 2) each."""
        points_NL2 = frame.points_NL2
        x_N = _half(points_NL2[:, self.x[0], 0] + points_NL2[:, self.x[1], 0])
        y_N = _half(points_NL2[:, self.y[0], 1] + points_NL2[:, self.y[1], 1])
        if self.right < 0:
            x_N = np.maximum(x_N - frame.length(-self.right), 0)
        elif self.right > 0:
            x_N = np.minimum(x_N + frame.length(self.right), frame.canvas_px)
        if self.down is not None:
            y_N = y_N + frame.share(self.down)
        axes_N2 = np.stack([self.a.along(0, frame), self.b.along(1, frame)], axis=1)
        return np.stack([x_N, y_N], axis=1), axes_N2


class Shape(Protocol):
    """An ellipse, or one of two: what a region is made of; hashable."""

    def on(self, frame: Frame) -> tuple[Ints, Ints]:
        """Return centre (x, y) and half axes (a, b) on every face, whole px: (N, 2) each."""


Region = tuple[Shape, ...]
WeightedRegions = tuple[tuple[Region, float], ...]
"""Regions, each with the height of its inside: no two the same."""


def _half(length_N: Ints) -> Ints:
    """Halve whole px, cut toward zero as the published code does."""
    return np.trunc(length_N / 2).astype(np.int64)


@dataclass(frozen=True, slots=True)
class ActionUnit:
    """One AU: its name in the Facial Action Coding System (Ekman and Friesen, 1978), its region."""

    name: str
    region: tuple[Ellipse, ...]


def _at(point: int, a: Extent, b: Extent) -> Ellipse:
    return Ellipse((point, point), (point, point), a, b)


_BROW = Extent(canvas=8), Extent(canvas=10)
_SPOT = Extent(20), Extent(20)
_LIDS_LEFT, _LIDS_RIGHT = (38, 41), (44, 47)
_WIDE_LEFT, _WIDE_RIGHT = Extent(span=(36, 39)), Extent(span=(42, 45))
_MOUTH = Ellipse((48, 54), (51, 57), Extent(span=(48, 54)), Extent(span=(51, 57)))
_EYES = (
    Ellipse((36, 39), _LIDS_LEFT, _WIDE_LEFT, Extent(span=_LIDS_LEFT)),
    Ellipse((42, 45), _LIDS_RIGHT, _WIDE_RIGHT, Extent(span=_LIDS_RIGHT)),
)
_AROUND_EYES = (
    Ellipse((36, 39), _LIDS_LEFT, _WIDE_LEFT, Extent(span=_LIDS_LEFT, extra=20)),
    Ellipse((42, 45), _LIDS_RIGHT, _WIDE_RIGHT, Extent(span=_LIDS_RIGHT, extra=20)),
)
_CORNERS = (_at(48, *_SPOT), _at(54, *_SPOT))

ACTION_UNITS = {
    1: ActionUnit("inner brow raiser", (_at(20, *_BROW), _at(23, *_BROW))),
    2: ActionUnit("outer brow raiser", (_at(18, *_BROW), _at(25, *_BROW))),
    # Its height comes from a span that is negative on all but rolled heads, so it is nearly always
    # 10 px.
    4: ActionUnit(
        "brow lowerer",
        (
            Ellipse(
                (19, 24), (19, 24), Extent(span=(19, 24), least=10), Extent(span=(19, 24), least=10)
            ),
        ),
    ),
    5: ActionUnit("upper lid raiser", _EYES),
    6: ActionUnit(
        "cheek raiser",
        tuple(
            Ellipse((p, p), (p, p), Extent(canvas=10), Extent(canvas=10), down=6) for p in (41, 46)
        ),
    ),
    7: ActionUnit("lid tightener", _AROUND_EYES),
    9: ActionUnit(
        "nose wrinkler", (Ellipse((31, 31), (29, 29), *_SPOT), Ellipse((35, 35), (29, 29), *_SPOT))
    ),
    # Corner of the mouth across, upper lip down.
    10: ActionUnit(
        "upper lip raiser",
        (Ellipse((48, 48), (50, 50), *_SPOT), Ellipse((52, 52), (54, 54), *_SPOT)),
    ),
    12: ActionUnit("lip corner puller", _CORNERS),
    14: ActionUnit(
        "dimpler",
        (
            Ellipse((48, 48), (48, 48), *_SPOT, right=-20),
            Ellipse((54, 54), (54, 54), *_SPOT, right=20),
        ),
    ),
    15: ActionUnit("lip corner depressor", _CORNERS),
    16: ActionUnit("lower lip depressor", (_at(59, *_SPOT), _at(55, *_SPOT))),
    17: ActionUnit(
        "chin raiser", (Ellipse((59, 8), (59, 8), Extent(span=(59, 8)), Extent(span=(59, 8))),)
    ),
    # The published right side starts at the upper lip (50), not at the corner (54).
    20: ActionUnit(
        "lip stretcher", (Ellipse((48, 6), (48, 6), *_SPOT), Ellipse((50, 10), (50, 10), *_SPOT))
    ),
    23: ActionUnit("lip tightener", (_MOUTH,)),
    24: ActionUnit("lip presser", (_MOUTH,)),
    25: ActionUnit("lips part", (_at(51, Extent(25), Extent(10)), _at(57, Extent(25), Extent(10)))),
    26: ActionUnit("jaw drop", (_MOUTH,)),
    27: ActionUnit("mouth stretch", (_MOUTH,)),
    43: ActionUnit("eyes closed", _AROUND_EYES),
}
"""FACS number -> AU, as published. AU43's published region has no least height; it never needs one
unless 20 px of lid are missing."""

FURTHER_UNITS = {
    # Between the wing of the nose and the corner of the mouth, where the furrow deepens.
    11: ActionUnit(
        "nasolabial deepener",
        (Ellipse((31, 48), (31, 48), *_SPOT), Ellipse((35, 54), (35, 54), *_SPOT)),
    ),
    18: ActionUnit("lip pucker", (Ellipse((48, 54), (51, 57), *_SPOT),)),
    22: ActionUnit("lip funneler", (_MOUTH,)),
    28: ActionUnit("lip suck", (_MOUTH,)),
    44: ActionUnit("squint", _AROUND_EYES),
    45: ActionUnit("blink", _AROUND_EYES),
    46: ActionUnit("wink", _AROUND_EYES),
}
"""FACS number -> AU of which the published code draws nothing.

Our own regions, where the Facial Action Coding System (2002) sees the change: 22 and 28 are drawn
as 23 and 24 are, 44 to 46 as 7 and 43 are, and 11 and 18 as circles of the usual radius.
"""

_EVEN_LIP_RAISER = ActionUnit(
    "upper lip raiser", (Ellipse((48, 48), (50, 50), *_SPOT), Ellipse((54, 54), (52, 52), *_SPOT))
)
_EVEN_STRETCHER = ActionUnit(
    "lip stretcher", (Ellipse((48, 6), (48, 6), *_SPOT), Ellipse((54, 10), (54, 10), *_SPOT))
)

CORRECTED_UNITS = {
    # AU10: corner of the mouth across and upper lip down on the right too, not the reverse.
    # AU20: the right side starts at the corner of the mouth (54), as the left one does.
    **ACTION_UNITS,
    10: _EVEN_LIP_RAISER,
    20: _EVEN_STRETCHER,
}
"""FACS number -> AU, without what looks odd in the published regions."""
