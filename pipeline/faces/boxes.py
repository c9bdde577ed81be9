"""Matches a dataset's face boxes with the faces found, and says where in the picture to look.

A box is (x, y, width, height) in px of the picture.
"""

import math
from collections.abc import Sequence

from store.records import Points

Box = tuple[float, float, float, float]
Area = tuple[int, int, int, int]
"""As a box, in whole px and inside the picture."""

MARGINS = (0.5, 0.2)
"""How much of the picture around a box is looked at, per side, fraction of its longer side.

Detectors want some surroundings; with the smaller one no neighbour comes into sight.
"""
_LEAST_OVERLAP = 0.2
"""A box of twice the face's sides around its centre shares 0.25 with it."""
_FARTHEST = 0.6
"""Centres of face and box, fraction of the face's longer side; neighbours are 1 or more apart."""


def box_of(face_L2: Points) -> Box:
    """Return the box around the points of a face."""
    (x0, y0), (x1, y1) = face_L2.min(axis=0), face_L2.max(axis=0)
    return float(x0), float(y0), float(x1 - x0), float(y1 - y0)


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return intersection over union, 0 to 1."""
    ax, ay, aw, ah = one
    bx, by, bw, bh = other
    shared_x = max(0.0, min(ax + aw, bx + bw) - max(ax, bx))
    shared_y = max(0.0, min(ay + ah, by + bh) - max(ay, by))
    shared = shared_x * shared_y
    union = aw * ah + bw * bh - shared
    return shared / union if union > 0 else 0.0


def in_picture(box: Sequence[float], height: int, width: int) -> Box | None:
    """Return the part of a box that lies inside the picture; None if there is none."""
    x0, y0 = max(0.0, box[0]), max(0.0, box[1])
    x1, y1 = min(float(width), box[0] + box[2]), min(float(height), box[1] + box[3])
    return (x0, y0, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None


def around(box: Box, margin: float, height: int, width: int) -> Area:
    """Return the part of the picture that shows a box and what is around it.

    Args:
        box: of which some part lies inside the picture.
        margin: per side, fraction of the box's longer side.
        height: of the picture, px.
        width: of the picture, px.
    """
    x, y, w, h = box
    border = margin * max(w, h)
    left, top = max(0, math.floor(x - border)), max(0, math.floor(y - border))
    right, bottom = math.ceil(x + w + border), math.ceil(y + h + border)
    return left, top, min(width, right) - left, min(height, bottom) - top


def match(face_L2: Points, box: Sequence[float]) -> float:
    """Return how well a face fits a box: their overlap, or 0 if it is another face than the boxed.

    Boxes are drawn tightly or loosely, so the overlap may be small; the centres must be near.
    """
    own = box_of(face_L2)
    shared = overlap(own, box)
    near = math.dist(_centre(own), _centre(box)) <= _FARTHEST * max(own[2:])
    return shared if near and shared >= _LEAST_OVERLAP else 0.0


def _centre(box: Sequence[float]) -> tuple[float, float]:
    x, y, width, height = box
    return x + width / 2, y + height / 2
