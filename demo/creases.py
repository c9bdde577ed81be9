"""The skin folds that active action units cause.

Brow furrow, forehead, nose, cheeks, chin and eye corners.

Pictures are float32 RGB in [0, 1], (S, S, 3). Points are control points of portrait.py in px of
that picture.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from demo import brush
from demo.portrait import MIRROR

F32Image = NDArray[np.float32]
Points = NDArray[np.float64]
Line = tuple[tuple[int, float, float], ...]
Strength = Callable[[Mapping[str, float]], float]

_SHADE = (0.45, 0.62, 0.66)  # how much of red, green and blue a full crease takes away


def _weighted(**share: float) -> Strength:
    """Return the function that adds up intensities: au4=0.5 counts half of AU4."""
    pairs = [(name.removeprefix("au"), factor) for name, factor in share.items()]
    return lambda chosen: sum(factor * chosen.get(unit, 0.0) for unit, factor in pairs)


# a line is a path of (control point, outward, down) in eye distances from that point, for the left
# half
CREASES: tuple[tuple[tuple[Line, ...], Strength], ...] = (
    ((((21, -0.12, -0.08), (21, -0.10, 0.02), (21, -0.115, 0.10)),), _weighted(au4=0.55, au9=0.15)),
    (
        (
            ((21, -0.22, -0.10), (20, 0.0, -0.13), (19, 0.06, -0.11)),
            ((21, -0.22, -0.17), (20, 0.0, -0.19), (19, 0.06, -0.17)),
        ),
        _weighted(au1=0.3, au2=0.2),
    ),
    (
        (
            ((28, 0.03, -0.12), (28, 0.11, -0.16), (28, 0.17, -0.10)),
            ((28, 0.05, 0.00), (28, 0.14, -0.04), (28, 0.22, 0.05)),
        ),
        _weighted(au9=0.5),
    ),
    (
        (((31, 0.08, -0.09), (31, 0.17, 0.02), (48, 0.12, -0.14), (48, 0.13, -0.01)),),
        _weighted(au12=0.5, au9=0.35, au10=0.25, au20=0.2),
    ),
    ((((48, 0.05, 0.02), (48, 0.08, 0.09), (48, 0.07, 0.17)),), _weighted(au15=0.45)),
    ((((57, 0.0, 0.09), (57, 0.10, 0.10), (57, 0.18, 0.15)),), _weighted(au17=0.45, au23=0.15)),
    (
        (
            ((36, 0.05, -0.01), (36, 0.15, -0.05)),
            ((36, 0.05, 0.03), (36, 0.15, 0.05)),
            ((40, 0.0, 0.09), (41, 0.0, 0.10), (36, 0.02, 0.11)),
        ),
        _weighted(au6=0.35),
    ),
)


def folded(
    image_SS3: F32Image, points_P2: Points, chosen: Mapping[str, float], unit_px: float
) -> F32Image:
    """Return the picture with the folds of the active units darkened.

    Args:
        image_SS3: the warped face.
        points_P2: control points in px, portrait order.
        chosen: AU -> intensity.
        unit_px: eye distance.
    """
    size = image_SS3.shape[0]
    across = (points_P2[45] - points_P2[36]) / np.linalg.norm(points_P2[45] - points_P2[36])
    down = points_P2[8] - points_P2[27]
    down /= np.linalg.norm(down)
    mask = np.zeros((size, size), np.float32)
    for lines, strength in CREASES:
        amount = min(strength(chosen), 1.0)
        for line in lines if amount > 0.05 else ():
            for side in (-1.0, 1.0):
                path = _path(points_P2, line, (across * side * unit_px, down * unit_px))
                stroke = brush.stroke(size, brush.curve(path), 0.028 * unit_px, 0.022 * unit_px)
                mask = np.maximum(mask, stroke * np.float32(amount))
    shaded: F32Image = image_SS3 * (1 - mask[..., None] * np.array(_SHADE, np.float32))
    return shaded


def _path(points_P2: Points, line: Line, axes: tuple[Points, Points]) -> Points:
    """Return a crease in px.

    `axes` are an eye distance to the right on this half's outside, and one down.
    """
    outside, down = axes
    right_half = float(outside @ (points_P2[45] - points_P2[36])) > 0
    return np.array(
        [
            points_P2[MIRROR[index] if right_half else index] + outward * outside + below * down
            for index, outward, below in line
        ]
    )
