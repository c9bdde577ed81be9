"""Heatmaps drawn from landmarks: where on a face its expression shows.

Landmarks are in px of a square canvas; published radii are absolute px, so the canvas matters. A map is sampled from the canvas at
the half-pixel centres of a size x size grid; at size = canvas this is the published map itself.
Shapes: N faces, K action units, S side of a map, G = 28, the published bottleneck, V = 7 expressions.
Source: Belharbi et al., FG 2024 (arXiv 2402.00281).
"""

from collections.abc import Callable, Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.action_units import ACTION_UNITS, PUBLISHED, Ellipse, IntPoints
from anatomy.expressions import EXPRESSIONS
from anatomy.landmarks import INNER, POINTS

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Maps = tuple[F32, Bool]
Heatmap = Callable[..., Maps]

_GRID = 28
VARIANCE_PX2 = 64.0
"""Published variance of the landmark Gaussians, px² of the canvas."""


def au(
    landmarks_N682: NDArray[np.floating],
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
) -> Maps:
    """Draw the action units of every face's own expression.

    Args:
        landmarks_N682: (x, y) in px of the canvas; may lie outside; not finite where detection failed.
        expressions_N: ids, anatomy.expressions order.
        size_px: side of the maps.
        canvas_px: side of the canvas; published 224.

    Returns:
        Maps (N, S, S) in [0, 1], and whether each is defined: Neutral, a failed face, and one whose AUs all lie off
        the canvas are not; their map is zero.
    """
    units = [PUBLISHED[EXPRESSIONS[expression]] for expression in expressions_N]
    return _stacked(
        [
            _draw(face, own, size_px, canvas_px)
            for face, own in zip(landmarks_N682, units, strict=True)
        ],
        size_px,
    )


def generic_au(
    landmarks_N682: NDArray[np.floating],
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
) -> Maps:
    """Draw all twenty action units, whatever the expression; defined for Neutral too. Arguments as in `au`."""
    return _stacked(
        [_draw(face, tuple(ACTION_UNITS), size_px, canvas_px) for face in landmarks_N682], size_px
    )


def per_class_au(
    landmarks_N682: NDArray[np.floating],
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
) -> Maps:
    """Draw, on every face, the map of each of the seven expressions.

    Returns:
        Maps (N, V, S, S) and valid (N, V). Other arguments as in `au`.
    """
    everyone = range(len(EXPRESSIONS))
    stacks = [
        au(
            np.broadcast_to(face, (len(everyone), POINTS, 2)),
            everyone,
            size_px,
            canvas_px=canvas_px,
        )
        for face in landmarks_N682
    ]
    shape = (len(stacks), len(everyone))
    maps = np.array([maps for maps, _ in stacks], np.float32).reshape(*shape, size_px, size_px)
    return maps, np.array([valid for _, valid in stacks], bool).reshape(shape)


def landmarks(
    landmarks_N682: NDArray[np.floating],
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    variance_px2: float = VARIANCE_PX2,
    jaw: bool = False,
) -> Maps:
    """Draw a Gaussian at every landmark and take the largest; defined for Neutral too. Other arguments as in `au`.

    Args:
        landmarks_N682: as in `au`.
        expressions_N: not looked at.
        size_px: as in `au`.
        canvas_px: as in `au`.
        variance_px2: of each Gaussian, px² of the canvas.
        jaw: draw the 17 points of the jaw too.
    """
    chosen = list(range(POINTS) if jaw else INNER)
    grid_S = _centres(size_px, canvas_px)
    drawn: list[F32 | None] = []
    for face in landmarks_N682:
        if not np.isfinite(face).all():
            drawn.append(None)
            continue
        x_KS, y_KS = (
            np.exp(-((grid_S - face[chosen, axis, None]) ** 2) / (2 * variance_px2))
            for axis in (0, 1)
        )
        map_SS = (y_KS[:, :, None] * x_KS[:, None, :]).max(axis=0)
        drawn.append(_normalised(map_SS) if map_SS.max() > 0 else None)
    return _stacked(drawn, size_px)


HEATMAPS: dict[str, Heatmap] = {
    "au": au,
    "generic_au": generic_au,
    "per_class_au": per_class_au,
    "landmarks": landmarks,
}
"""Kind -> (landmarks_N682, expressions_N, size_px, **options) -> (maps in [0, 1], valid). Undefined maps are zero."""


def _stacked(drawn: Sequence[F32 | None], size_px: int) -> Maps:
    valid = np.array([one is not None for one in drawn], bool)
    maps = np.zeros((len(drawn), size_px, size_px), np.float32)
    for place, one in enumerate(drawn):
        if one is not None:
            maps[place] = one
    return maps, valid


def _draw(
    face_L2: NDArray[np.floating], units: Sequence[int], size_px: int, canvas_px: int
) -> F32 | None:
    """Draw some AUs on one face and combine them by their maximum; None if nothing of them is on the canvas."""
    if not np.isfinite(face_L2).all():
        return None
    points: IntPoints = np.trunc(face_L2).astype(int).tolist()
    regions = dict.fromkeys(
        ACTION_UNITS[unit].region for unit in units
    )  # several AUs share one region
    grids = [
        grid for region in regions if (grid := _bottleneck(region, points, canvas_px)) is not None
    ]
    if not grids:
        return None
    enlarge = _bilinear(_GRID, size_px)
    return _normalised((enlarge @ np.stack(grids) @ enlarge.T).max(axis=0))


def _bottleneck(
    region: Sequence[Ellipse], points: IntPoints, canvas_px: int
) -> NDArray[np.float64] | None:
    """Fill one AU's ellipses, shrink to 28 x 28 and blur: what makes the published maps soft."""
    mask = np.zeros((canvas_px, canvas_px), np.uint8)
    for ellipse in region:
        centre, axes = ellipse.on(points, canvas_px)
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 1, -1)
    if not mask.any():
        return None
    shrink = _bilinear(canvas_px, _GRID)
    return np.asarray(cv2.blur(shrink @ mask @ shrink.T, (3, 3)))


def _normalised(map_SS: NDArray[np.floating]) -> F32:
    low, high = map_SS.min(), map_SS.max()
    return np.asarray((map_SS - low) / ((high - low) or 1), np.float32)


def _centres(size: int, extent_px: int) -> NDArray[np.float64]:
    """Half-pixel centres of `size` cells over `extent_px` pixels, in px."""
    return np.asarray((np.arange(size) + 0.5) * (extent_px / size) - 0.5)


@cache
def _bilinear(source: int, target: int) -> NDArray[np.float64]:
    """Return the (target, source) matrix of a bilinear resize, half-pixel centres, no antialiasing, edges repeated."""
    place = _centres(target, source).clip(0, source - 1)
    low = np.minimum(np.floor(place).astype(int), source - 2)
    rows = np.arange(target)
    matrix = np.zeros((target, source))
    matrix[rows, low] = 1 - (place - low)
    matrix[rows, low + 1] = place - low
    return matrix
