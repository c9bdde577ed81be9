"""Heatmaps drawn from landmarks: where on a face its expression shows.

Landmarks are in px of a square canvas. A map is sampled from the canvas at the half-pixel centres
of a size x size grid; at size = canvas this is the published map itself.
Shapes: N faces, L = 68 points, S side of a map, G = 28, V = 7 expressions.
Source: Belharbi et al., FG 2024 (arXiv 2402.00281).
"""

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.action_units import CODEBOOKS, PUBLISHED_EYES_PX, Codebook, Ellipse, Frame
from anatomy.expressions import EXPRESSIONS
from anatomy.landmarks import INNER, POINTS, five_points
from errors import pick

F32 = NDArray[np.float32]
Landmarks = NDArray[np.floating]
Maps = tuple[F32, NDArray[np.bool_]]
Heatmap = Callable[..., Maps]

GRID = 28
"""Side of the grid through which every published AU map is squeezed; its only softness."""

VARIANCE_PX2 = 64.0
"""Published variance of the landmark Gaussians, px² of the canvas."""


def au(
    landmarks_NL2: Landmarks,
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: str = "published",
    normalise: bool = True,
) -> Maps:
    """Draw the action units of every face's own expression.

    Args:
        landmarks_NL2: (x, y) in px of the canvas; may lie outside; not finite if detection failed.
        expressions_N: ids, anatomy.expressions order.
        size_px: side of the maps.
        canvas_px: side of the canvas; published 224.
        codebook: row of CODEBOOKS.
        normalise: stretch every map to [0, 1], as published; else 1 is the inside of a region.

    Returns:
        Maps (N, S, S) in [0, 1], and whether each is defined: Neutral, a failed face, and one whose
        AUs all lie off the canvas are not; their map is zero.

    Raises:
        UsageError: if there is no such codebook.
    """
    book = pick(CODEBOOKS, codebook, "codebook")
    sets = _distinct([book.expressions[name] for name in EXPRESSIONS], book)
    drawn = [
        _draw_sets(face_L2, [sets[expression]], book, size_px, canvas_px)[0]
        for face_L2, expression in zip(landmarks_NL2, expressions_N, strict=True)
    ]
    return _stacked(drawn, size_px, normalise)


def generic_au(
    landmarks_NL2: Landmarks,
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: str = "published",
    normalise: bool = True,
) -> Maps:
    """Draw all twenty action units; defined for Neutral too. Otherwise as `au`."""
    book = pick(CODEBOOKS, codebook, "codebook")
    maps, valid = _sets(landmarks_NL2, [tuple(book.units)], book, (size_px, canvas_px), normalise)
    return maps[:, 0], valid[:, 0]


def single_au(  # noqa: PLR0913 - the published flags, by keyword
    landmarks_NL2: Landmarks,
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    au: int = 12,
    codebook: str = "published",
    normalise: bool = True,
) -> Maps:
    """Draw one action unit, by its FACS number, on every face. Otherwise as `au`."""
    book = pick(CODEBOOKS, codebook, "codebook")
    pick({str(number): None for number in book.units}, str(au), "action unit")
    maps, valid = _sets(landmarks_NL2, [(au,)], book, (size_px, canvas_px), normalise)
    return maps[:, 0], valid[:, 0]


def per_class_au(
    landmarks_NL2: Landmarks,
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: str = "published",
    normalise: bool = True,
) -> Maps:
    """Draw, on every face, the map of each of the seven expressions.

    Returns:
        Maps (N, V, S, S) and valid (N, V). Otherwise as `au`.
    """
    book = pick(CODEBOOKS, codebook, "codebook")
    sets = [book.expressions[name] for name in EXPRESSIONS]
    return _sets(landmarks_NL2, sets, book, (size_px, canvas_px), normalise)


def compared_au(
    landmarks_NL2: Landmarks, size_px: int, *, canvas_px: int, codebook: str = "published"
) -> Maps:
    """Draw what attention is compared with: every expression's map and, last, the generic one.

    Returns:
        Maps (N, V + 1, S, S) in [0, 1] and valid (N, V + 1). Otherwise as `au`.
    """
    book = pick(CODEBOOKS, codebook, "codebook")
    sets = [*(book.expressions[name] for name in EXPRESSIONS), tuple(book.units)]
    return _sets(landmarks_NL2, sets, book, (size_px, canvas_px), normalise=True)


def unit_regions(
    landmarks_NL2: Landmarks, size_px: int, *, canvas_px: int, codebook: str = "published"
) -> Maps:
    """Draw every action unit of a codebook on its own, in the codebook's order.

    Returns:
        Maps (N, U, S, S) in [0, 1], the soft rim of a region at .5, and whether each is on the
        canvas (N, U). Otherwise as `au`.
    """
    book = pick(CODEBOOKS, codebook, "codebook")
    sets = [(unit,) for unit in book.units]
    return _sets(landmarks_NL2, sets, book, (size_px, canvas_px), normalise=True)


def landmarks(  # noqa: PLR0913 - the published flags, by keyword
    landmarks_NL2: Landmarks,
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    variance_px2: float = VARIANCE_PX2,
    jaw: bool = False,
    normalise: bool = True,
) -> Maps:
    """Draw a Gaussian at every landmark and take the largest; defined for Neutral too.

    Args:
        landmarks_NL2: as in `au`.
        expressions_N: not looked at.
        size_px: as in `au`.
        canvas_px: as in `au`.
        variance_px2: of each Gaussian, px² of the canvas.
        jaw: draw the 17 points of the jaw too.
        normalise: as in `au`; else 1 is the peak of a Gaussian.
    """
    chosen = list(range(POINTS) if jaw else INNER)
    centres_S = (np.arange(size_px) + 0.5) * (canvas_px / size_px) - 0.5
    drawn = [
        _draw_points(face_L2[chosen], centres_S, variance_px2)
        if np.isfinite(face_L2).all()
        else None
        for face_L2 in landmarks_NL2
    ]
    return _stacked(drawn, size_px, normalise)


HEATMAPS: dict[str, Heatmap] = {
    "au": au,
    "generic_au": generic_au,
    "per_class_au": per_class_au,
    "single_au": single_au,
    "landmarks": landmarks,
}
"""Kind -> (landmarks_NL2, expressions_N, size_px, **options) -> (maps in [0, 1], valid)."""


def framed(face_L2: Landmarks, book: Codebook, canvas_px: int) -> Frame:
    """Return what sets a codebook's ellipses: whole px, cut toward zero, and the face's size."""
    left, right = five_points(face_L2)[:2]
    scale = float(np.linalg.norm(right - left)) / PUBLISHED_EYES_PX if book.face_scaled else None
    return Frame(np.trunc(face_L2).astype(int).tolist(), canvas_px, scale)


def _sets(
    landmarks_NL2: Landmarks,
    sets: Sequence[Sequence[int]],
    book: Codebook,
    sides_px: tuple[int, int],
    normalise: bool,
) -> Maps:
    """Draw several sets of AUs on every face, each AU once: (N, sets, S, S) and (N, sets)."""
    size_px, canvas_px = sides_px
    distinct = _distinct(sets, book)
    drawn = [
        one
        for face_L2 in landmarks_NL2
        for one in _draw_sets(face_L2, distinct, book, size_px, canvas_px)
    ]
    maps, valid = _stacked(drawn, size_px, normalise)
    shape = (len(landmarks_NL2), len(sets))
    return maps.reshape(*shape, size_px, size_px), valid.reshape(shape)


def _distinct(sets: Sequence[Sequence[int]], book: Codebook) -> list[list[int]]:
    """Name every region by the first AU that has it, and once a set: some AUs share one."""
    first: dict[Sequence[Ellipse], int] = {}
    named = {number: first.setdefault(unit.region, number) for number, unit in book.units.items()}
    return [list(dict.fromkeys(named[unit] for unit in units)) for units in sets]


def _stacked(drawn: Sequence[F32 | None], size_px: int, normalise: bool) -> Maps:
    valid = np.array([one is not None for one in drawn], bool)
    maps = np.zeros((len(drawn), size_px, size_px), np.float32)
    for place, one in enumerate(drawn):
        if one is not None:
            low, high = cv2.minMaxLoc(one)[:2] if normalise else (0, 1)
            np.subtract(one, np.float32(low), out=maps[place])
            maps[place] /= np.float32((high - low) or 1)
    return maps, valid


def _draw_sets(
    face_L2: Landmarks,
    sets: Sequence[Sequence[int]],
    book: Codebook,
    size_px: int,
    canvas_px: int,
) -> list[F32 | None]:
    """Draw several sets of distinct AUs on one face, each AU once; None where none is on it."""
    if not np.isfinite(face_L2).all():
        return [None] * len(sets)
    frame = framed(face_L2, book, canvas_px)
    canvas = np.zeros((canvas_px, canvas_px), np.float32)
    regions = {
        unit: _region(book.units[unit].region, frame, canvas, size_px)
        for unit in {*chain.from_iterable(sets)}
    }
    return [_combined([regions[unit] for unit in units]) for units in sets]


def _region(region: Sequence[Ellipse], frame: Frame, canvas: F32, size_px: int) -> F32 | None:
    grid_GG = _squeezed(region, frame, canvas)
    if grid_GG is None:
        return None
    return np.asarray(cv2.resize(grid_GG, (size_px, size_px), interpolation=cv2.INTER_LINEAR))


def _combined(regions: Sequence[F32 | None]) -> F32 | None:
    present = [one for one in regions if one is not None]
    return np.asarray(reduce(cv2.max, present)) if present else None


def _squeezed(region: Sequence[Ellipse], frame: Frame, canvas: F32) -> F32 | None:
    """Fill one AU's ellipses, shrink to 28 x 28 and blur: what makes the published maps soft.

    Args:
        region: its ellipses.
        frame: the face.
        canvas: all zero, and left so.

    Returns:
        (G, G) in [0, 1]; None if nothing of it is on the canvas.
    """
    for ellipse in region:
        centre, axes = ellipse.on(frame)
        cv2.ellipse(canvas, centre, axes, 0, 0, 360, 1, -1)
    grid_GG = cv2.resize(canvas, (GRID, GRID), interpolation=cv2.INTER_LINEAR)
    touched = bool(grid_GG.any()) or cv2.countNonZero(canvas) > 0
    canvas.fill(0)
    return np.asarray(cv2.blur(grid_GG, (3, 3))) if touched else None


def _draw_points(
    points_K2: Landmarks, centres_S: NDArray[np.floating], variance_px2: float
) -> F32 | None:
    """Draw the maximum of Gaussians of peak 1, each an outer product; None if all lie far away."""
    offsets_2KS = centres_S - points_K2.T[:, :, None]
    x_KS, y_KS = np.exp(offsets_2KS**2 / (-2 * variance_px2)).astype(np.float32)
    combined = np.zeros((len(centres_S), len(centres_S)), np.float32)
    gaussian = np.empty_like(combined)
    for x_S, y_S in zip(x_KS, y_KS, strict=True):
        cv2.gemm(y_S[:, None], x_S[None], 1, None, 0, gaussian)
        cv2.max(combined, gaussian, combined)
    return combined if combined.any() else None
