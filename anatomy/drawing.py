"""How action units are drawn: ellipses on a canvas, shrunk to a small grid, combined.

Shapes: N faces, L = 68 points, S side of a map, G = 28.
Source: Belharbi et al., FG 2024 (arXiv 2402.00281).
"""

from collections.abc import Sequence
from functools import reduce
from itertools import chain
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.action_units import PUBLISHED_EYES_PX, Codebook, Ellipse, Frame
from anatomy.landmarks import five_landmarks
from anatomy.raster import draw_grids

F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]
Landmarks = NDArray[np.floating]
Maps = tuple[F32, NDArray[np.bool_]]

GRID = 28
"""Side of the grid to which every published AU map is shrunk; the only source of its soft edges."""


class UnitGrids(NamedTuple):
    """Action units drawn on the small grid.

    Attributes:
        grids_NUGG: each unit, in [0, 1]; zero where absent.
        present_NU: whether the face has landmarks and anything of the unit is on the canvas.
    """

    grids_NUGG: F32
    present_NU: Bools


def place_on_canvas(landmarks_NL2: Landmarks, book: Codebook, canvas_px: int) -> Frame:
    """Return what sets a codebook's ellipses: whole px, cut toward zero, and the face's size."""
    scale_N = None
    if book.face_scaled:
        eyes = np.array([five_landmarks(face_L2)[:2] for face_L2 in landmarks_NL2])
        scale_N = np.linalg.norm(eyes[:, 1] - eyes[:, 0], axis=1) / PUBLISHED_EYES_PX
    return Frame(np.trunc(landmarks_NL2).astype(np.int64), canvas_px, scale_N)


def draw_units(
    landmarks_NL2: Landmarks, units: Sequence[int], book: Codebook, canvas_px: int
) -> UnitGrids:
    """Draw AUs on faces, shrunk to the grid: what makes the published maps soft.

    Args:
        landmarks_NL2: px of the canvas; not finite where there are none.
        units: FACS numbers.
        book: their regions.
        canvas_px: side of the canvas.
    """
    faces, count = len(landmarks_NL2), len(units)
    grids_NUGG = np.zeros((faces, count, GRID, GRID), np.float32)
    present_NU = np.zeros((faces, count), bool)
    known_N = np.isfinite(landmarks_NL2).all(axis=(1, 2))
    if known_N.any():
        frame = place_on_canvas(landmarks_NL2[known_N], book, canvas_px)
        regions = [book.units[unit].region for unit in units]
        grids_NUGG[known_N], present_NU[known_N] = draw_grids(regions, frame, GRID)
    return UnitGrids(grids_NUGG, present_NU)


def draw_sets(
    landmarks_NL2: Landmarks,
    wanted: Sequence[tuple[Sequence[Sequence[int]], int]],
    book: Codebook,
    canvas_px: int,
    normalise: bool,
) -> list[Maps]:
    """Draw, for each wanted (sets of AUs, side S), each AU once: (N, sets, S, S), (N, sets)."""
    distinct = [(distinct_units(sets, book), size_px) for sets, size_px in wanted]
    units = sorted({unit for sets, _ in distinct for unit in chain.from_iterable(sets)})
    drawn = draw_units(landmarks_NL2, units, book, canvas_px)
    results: list[Maps] = []
    for sets, size_px in distinct:
        places = [[units.index(unit) for unit in one] for one in sets]
        maps = [one for face in zip(*drawn, strict=True) for one in combine(*face, places, size_px)]
        stacked, valid = stack(maps, size_px, normalise)
        shape = (len(landmarks_NL2), len(sets))
        results.append((stacked.reshape(*shape, size_px, size_px), valid.reshape(shape)))
    return results


def distinct_units(sets: Sequence[Sequence[int]], book: Codebook) -> list[list[int]]:
    """Replace each AU by the first one with the same region, and drop repeats within a set."""
    first: dict[Sequence[Ellipse], int] = {}
    named = {number: first.setdefault(unit.region, number) for number, unit in book.units.items()}
    return [list(dict.fromkeys(named[unit] for unit in units)) for units in sets]


def stack(drawn: Sequence[F32 | None], size_px: int, normalise: bool) -> Maps:
    """Put maps together, (M, S, S), stretched to [0, 1] if asked; and whether each is one."""
    valid = np.array([one is not None for one in drawn], bool)
    maps = np.zeros((len(drawn), size_px, size_px), np.float32)
    for index, one in enumerate(drawn):
        if one is not None:
            low, high = cv2.minMaxLoc(one)[:2] if normalise else (0, 1)
            np.subtract(one, np.float32(low), out=maps[index])
            maps[index] /= np.float32((high - low) or 1)
    return maps, valid


def combine(
    grids_UGG: F32, present_U: Bools, sets: Sequence[Sequence[int]], size_px: int
) -> list[F32 | None]:
    """Enlarge the units of one face and combine those of every set.

    Args:
        grids_UGG: drawn units.
        present_U: which of them are on the canvas.
        sets: places among the units.
        size_px: side of the results.

    Returns:
        A map (S, S) per set; None where none of its units is present.
    """
    used = {unit for unit in chain.from_iterable(sets) if present_U[unit]}
    enlarged = {unit: _enlarged(grids_UGG[unit], size_px) for unit in used}
    return [_largest([enlarged[unit] for unit in units if unit in used]) for units in sets]


def combine_weighted(grids_UGG: F32, weights_U: F32, size_px: int) -> F32 | None:
    """Enlarge the units of one face, each as bright as its weight; None if all weights are zero."""
    used = np.flatnonzero(weights_U)
    return _largest([_enlarged(grids_UGG[unit], size_px) * weights_U[unit] for unit in used])


def _enlarged(grid_GG: F32, size_px: int) -> F32:
    return np.asarray(cv2.resize(grid_GG, (size_px, size_px), interpolation=cv2.INTER_LINEAR))


def _largest(maps: Sequence[F32]) -> F32 | None:
    return np.asarray(reduce(cv2.max, maps)) if maps else None
