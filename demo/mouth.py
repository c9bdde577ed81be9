"""The inside of the mouth, which no warp can show: a dark line, or cavity, teeth and tongue.

Pictures are float32 RGB in [0, 1], (S, S, 3). Points are control points of portrait.py in px of
that picture.
"""

import numpy as np
from numpy.typing import NDArray

from demo import brush

F32Image = NDArray[np.float32]
Points = NDArray[np.float64]

_CAVITY, _THROAT = (0.30, 0.10, 0.10), (0.12, 0.03, 0.04)
_TEETH, _GAP = (0.93, 0.89, 0.82), (0.72, 0.65, 0.57)
_TONGUE = (0.68, 0.33, 0.33)

_UPPER_CURVE, _LOWER_CURVE = (60, 61, 62, 63, 64), (60, 67, 66, 65, 64)


def painted(image_SS3: F32Image, points_P2: Points, unit_px: float) -> F32Image:
    """Return the picture with the lips' gap painted: a dark line, or cavity, teeth and tongue.

    Args:
        image_SS3: the warped face.
        points_P2: control points in px, portrait order (not mirrored).
        unit_px: eye distance.
    """
    upper, lower = (brush.curve(points_P2[list(lip)]) for lip in (_UPPER_CURVE, _LOWER_CURVE))
    down = points_P2[8] - points_P2[27]
    down /= np.linalg.norm(down)
    gap = float(((lower - upper) @ down).max()) / unit_px
    size = image_SS3.shape[0]
    inside = brush.filled(size, [*upper, *lower[::-1]], 0.010 * unit_px)
    result = brush.mixed(image_SS3, inside * 0.9, _CAVITY)
    if gap > 0.06:
        result = _open_mouth(result, inside, (upper, lower, down * unit_px), gap)
    corners = np.array([points_P2[48], *((upper + lower) / 2)[4:-4:4], points_P2[54]])
    strength = 0.55 if gap < 0.06 else 0.0
    line = brush.stroke(size, brush.curve(corners), 0.022 * unit_px, 0.012 * unit_px)
    return brush.mixed(result, line * strength, _CAVITY)


def _open_mouth(
    image_SS3: F32Image, inside_SS: F32Image, curves: tuple[Points, Points, Points], gap: float
) -> F32Image:
    """Return the picture with throat, tongue and teeth inside the lips.

    Args:
        image_SS3: the face with the cavity.
        inside_SS: share of each pixel that lies between the lips.
        curves: upper and lower inner lip, then the vector of one eye distance down the face, px.
        gap: height of the opening in eye distances.
    """
    upper, lower, down = curves
    size, unit_px = image_SS3.shape[0], float(np.linalg.norm(down))
    across = np.linspace(-1, 1, len(upper))
    middle = upper + (lower - upper) * (0.25 + 0.5 * across**4)[:, None]
    throat = brush.filled(size, [*middle, *lower[::-1]], 0.04 * unit_px) * inside_SS
    result = brush.mixed(image_SS3, throat * 0.8, _THROAT)
    if gap > 0.2:
        top = lower - down * (0.42 * gap * np.maximum(1 - (across / 0.7) ** 2, 0))[:, None]
        tongue = brush.filled(size, [*top, *lower[::-1]], 0.035 * unit_px) * inside_SS
        result = brush.mixed(result, tongue * 0.85, _TONGUE)
    height = min(0.12, 0.8 * gap) * np.maximum(1 - across**4, 0)
    edge = upper + np.minimum(height, 0.8 * gap)[:, None] * down
    teeth = brush.filled(size, [*upper, *edge[::-1]], 0.012 * unit_px) * inside_SS
    away = _distance_from(size, upper[len(upper) // 2]) / np.float32(0.5 * unit_px)
    fade: F32Image = (1 - 0.22 * np.minimum(away, 1)).astype(np.float32)
    result = brush.mixed(result, teeth * fade, _TEETH)
    for index in range(4, len(upper) - 4, 4):
        line = brush.stroke(size, np.array([upper[index], edge[index]]), 1.0, 0.008 * unit_px)
        result = brush.mixed(result, line * (teeth * 0.5), _GAP)
    return result


def _distance_from(size: int, point: Points) -> F32Image:
    """Return every pixel's distance from a point, (S, S) px."""
    y, x = np.ogrid[:size, :size]
    distance: F32Image = np.hypot(x - point[0], y - point[1]).astype(np.float32)
    return distance
