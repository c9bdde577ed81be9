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

from anatomy.action_units import PUBLISHED_EYES_PX, Frame, Region, WeightedRegions
from anatomy.landmarks import five_landmarks
from anatomy.raster import draw_grids

F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]
Landmarks = NDArray[np.floating]
Maps = tuple[F32, NDArray[np.bool_]]
Places = tuple[tuple[int, float], ...]
"""Of regions among those that are drawn, each with its weight."""

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


def place_on_canvas(landmarks_NL2: Landmarks, face_scaled: bool, canvas_px: int) -> Frame:
    """Return what sets a codebook's ellipses: whole px, cut toward zero, and the face's size."""
    scale_N = None
    if face_scaled:
        eyes = np.array([five_landmarks(face_L2)[:2] for face_L2 in landmarks_NL2])
        scale_N = np.linalg.norm(eyes[:, 1] - eyes[:, 0], axis=1) / PUBLISHED_EYES_PX
    return Frame(np.trunc(landmarks_NL2).astype(np.int64), canvas_px, scale_N)


def draw_regions(
    landmarks_NL2: Landmarks, regions: Sequence[Region], face_scaled: bool, canvas_px: int
) -> UnitGrids:
    """Draw regions on faces, shrunk to the grid: what makes the published maps soft.

    Args:
        landmarks_NL2: px of the canvas; not finite where there are none.
        regions: of the action units.
        face_scaled: whether lengths follow the size of the face.
        canvas_px: side of the canvas.
    """
    faces, count = len(landmarks_NL2), len(regions)
    grids_NUGG = np.zeros((faces, count, GRID, GRID), np.float32)
    present_NU = np.zeros((faces, count), bool)
    known_N = np.isfinite(landmarks_NL2).all(axis=(1, 2))
    if known_N.any():
        frame = place_on_canvas(landmarks_NL2[known_N], face_scaled, canvas_px)
        grids_NUGG[known_N], present_NU[known_N] = draw_grids(regions, frame, GRID)
    return UnitGrids(grids_NUGG, present_NU)


def draw_sets(
    landmarks_NL2: Landmarks,
    wanted: Sequence[tuple[Sequence[WeightedRegions], int]],
    face_scaled: bool,
    canvas_px: int,
    normalise: bool,
) -> list[Maps]:
    """Draw, for each wanted (sets of regions, side S), each region once: (N, sets, S, S)."""
    regions = distinct_regions([one for sets, _ in wanted for one in sets])
    drawn = draw_regions(landmarks_NL2, regions, face_scaled, canvas_px)
    results: list[Maps] = []
    for sets, size_px in wanted:
        places = [places_among(regions, one) for one in sets]
        maps = [one for face in zip(*drawn, strict=True) for one in combine(*face, places, size_px)]
        stacked, valid = stack(maps, size_px, normalise)
        shape = (len(landmarks_NL2), len(sets))
        results.append((stacked.reshape(*shape, size_px, size_px), valid.reshape(shape)))
    return results


def draw_chosen(
    landmarks_NL2: Landmarks,
    chosen_N: Sequence[int] | NDArray[np.int64],
    sets: Sequence[WeightedRegions],
    face_scaled: bool,
    sides_px: tuple[int, int],
) -> list[F32 | None]:
    """Draw on every face one of several sets of regions.

    Args:
        landmarks_NL2: px of the canvas; not finite where there are none.
        chosen_N: place of each face's set.
        sets: of regions.
        face_scaled: whether lengths follow the size of the face.
        sides_px: of the canvas, and of the maps.

    Returns:
        A map (S, S) per face; None where nothing is drawn.
    """
    canvas_px, size_px = sides_px
    places_N = np.asarray(chosen_N, np.int64)
    drawn: list[F32 | None] = [None] * len(places_N)
    for number in np.unique(places_N):
        rows, shapes = np.flatnonzero(places_N == number), [one for one, _ in sets[number]]
        faces = draw_regions(landmarks_NL2[rows], shapes, face_scaled, canvas_px)
        everything = [places_among(shapes, sets[number])]
        for row, grids_UGG, present_U in zip(rows, *faces, strict=True):
            (drawn[row],) = combine(grids_UGG, present_U, everything, size_px)
    return drawn


def distinct_regions(sets: Sequence[WeightedRegions]) -> list[Region]:
    """Return every region of some sets once, in their order."""
    return list(dict.fromkeys(region for one in sets for region, _ in one))


def places_among(regions: Sequence[Region], one: WeightedRegions) -> Places:
    """Return where the regions of a set stand among others, each with its weight."""
    return tuple((regions.index(region), weight) for region, weight in one)


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
    grids_UGG: F32, present_U: Bools, sets: Sequence[Places], size_px: int
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
    used = {unit for unit, _ in chain.from_iterable(sets) if present_U[unit]}
    enlarged = {unit: _enlarged(grids_UGG[unit], size_px) for unit in used}
    return [
        _largest([_weighted(enlarged[unit], weight) for unit, weight in units if unit in used])
        for units in sets
    ]


def combine_weighted(grids_UGG: F32, weights_U: F32, size_px: int) -> F32 | None:
    """Enlarge the units of one face, each as bright as its weight; None if all weights are zero."""
    used = np.flatnonzero(weights_U)
    return _largest([_enlarged(grids_UGG[unit], size_px) * weights_U[unit] for unit in used])


def _enlarged(grid_GG: F32, size_px: int) -> F32:
    return np.asarray(cv2.resize(grid_GG, (size_px, size_px), interpolation=cv2.INTER_LINEAR))


def _weighted(map_SS: F32, weight: float) -> F32:
    return map_SS if weight == 1 else map_SS * np.float32(weight)


def _largest(maps: Sequence[F32]) -> F32 | None:
    return np.asarray(reduce(cv2.max, maps)) if maps else None
