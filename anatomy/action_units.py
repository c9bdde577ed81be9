"""Action units (AUs): where on the face each is drawn, and which belong to which expression.

Every AU is one or two upright ellipses set by landmarks. The numbers are those of the published system (Belharbi et al., FG 2024);
where it looks odd, the row says so. All coordinates are whole px of the canvas, cut toward zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

IntPoints = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Extent:
    """A half axis of an ellipse, in px.

    Attributes:
        px: a fixed length, added to the others.
        canvas: if given, the canvas' side divided by this, rounded.
        span: if given, half the distance from the first to the second of these points along the axis.
        extra: px added to the span before halving.
        least: what to use when the span is nothing or negative, as on a rolled head.
    """

    px: int = 0
    canvas: int | None = None
    span: tuple[int, int] | None = None
    extra: int = 0
    least: int = 5

    def along(self, axis: Literal[0, 1], points: IntPoints, canvas_px: int) -> int:
        """Return the length for one face; axis 0 is x, 1 is y."""
        if self.canvas is not None:
            return round(canvas_px / self.canvas)
        if self.span is None:
            return self.px
        start, end = self.span
        half = int((points[end][axis] - points[start][axis] + self.extra) / 2)
        return max(half, 0) or self.least


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An upright ellipse on the face.

    Attributes:
        x, y: the two points whose mean is the centre, along each axis.
        a, b: horizontal and vertical half axis.
        right: px by which the centre is moved to the right, but not off the canvas.
        down: fraction of the canvas, as a divisor, by which the centre is moved down.
    """

    x: tuple[int, int]
    y: tuple[int, int]
    a: Extent
    b: Extent
    right: int = 0
    down: int | None = None

    def on(self, points: IntPoints, canvas_px: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return centre (x, y) and half axes (a, b) for one face, in whole px."""
        x = int((points[self.x[0]][0] + points[self.x[1]][0]) / 2) + self.right
        y = int((points[self.y[0]][1] + points[self.y[1]][1]) / 2)
        if self.right:
            x = max(x, 0) if self.right < 0 else min(x, canvas_px)
        if self.down is not None:
            y += round(canvas_px / self.down)
        return (x, y), (self.a.along(0, points, canvas_px), self.b.along(1, points, canvas_px))


@dataclass(frozen=True, slots=True)
class ActionUnit:
    """One AU: its name in the Facial Action Coding System (Ekman and Friesen, 1978) and its region."""

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
    # Its height comes from a span that is negative on all but rolled heads, so it is nearly always 10 px.
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
"""FACS number -> AU. AU43's published region has no least height; it never needs one unless 20 px of lid are missing."""

PUBLISHED = {
    "Neutral": (),
    "Happiness": (6, 12, 25),
    "Surprise": (1, 2, 5, 26, 27),
    "Fear": (1, 2, 4, 5, 20, 25, 26, 27),
    "Anger": (4, 5, 7, 10, 17, 23, 24, 25, 26),
    "Disgust": (9, 5, 16, 17, 25, 26),  # the paper lists AU10; the published code draws AU5
    "Sadness": (1, 4, 6, 15, 17),
}
"""Expression -> its AUs, as the published code draws them. Source: Martinez et al., IEEE TAC 2017, by way of Belharbi et al."""
