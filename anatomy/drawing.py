"""How action units are drawn: ellipses on a canvas, shrunk to a small grid, combined.

Shapes: N faces, L = 68 points, S side of a map, G = 28.
Source: Belharbi et al., FG 2024 (arXiv 2402.00281).
"""

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.action_units import PUBLISHED_EYES_PX, Codebook, Ellipse, Frame
from anatomy.landmarks import five_landmarks

F32 = NDArray[np.float32]
Landmarks = NDArray[np.floating]
Maps = tuple[F32, NDArray[np.bool_]]

GRID = 28
"""Side of the grid to which every published AU map is shrunk; the only source of its soft edges."""


def place_on_canvas(face_L2: Landmarks, book: Codebook, canvas_px: int) -> Frame:
    """Return what sets a codebook's ellipses: whole px, cut toward zero, and the face's size."""
    left, right = five_landmarks(face_L2)[:2]
    scale = float(np.linalg.norm(right - left)) / PUBLISHED_EYES_PX if book.face_scaled else None
    return Frame(np.trunc(face_L2).astype(int).tolist(), canvas_px, scale)


def draw_sets(
    landmarks_NL2: Landmarks,
    wanted: Sequence[tuple[Sequence[Sequence[int]], int]],
    book: Codebook,
    canvas_px: int,
    normalise: bool,
) -> list[Maps]:
    """Draw, for each wanted (sets of AUs, side S), each AU once: (N, sets, S, S), (N, sets)."""
    distinct = [(distinct_units(sets, book), size_px) for sets, size_px in wanted]
    units = {unit for sets, _ in distinct for unit in chain.from_iterable(sets)}
    grids = [draw_units(face_L2, units, book, canvas_px) for face_L2 in landmarks_NL2]
    results: list[Maps] = []
    for sets, size_px in distinct:
        drawn = [one for face in grids for one in combine_units(face, sets, size_px)]
        maps, valid = stack(drawn, size_px, normalise)
        shape = (len(landmarks_NL2), len(sets))
        results.append((maps.reshape(*shape, size_px, size_px), valid.reshape(shape)))
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


def draw_units(
    face_L2: Landmarks, units: Collection[int], book: Codebook, canvas_px: int
) -> dict[int, F32 | None]:
    """Draw distinct AUs on one face, each shrunk to the grid; none for a face without landmarks."""
    if not np.isfinite(face_L2).all():
        return {}
    frame = place_on_canvas(face_L2, book, canvas_px)
    canvas = np.zeros((canvas_px, canvas_px), np.float32)
    return {unit: _draw_on_grid(book.units[unit].region, frame, canvas) for unit in units}


def combine_units(
    grids: Mapping[int, F32 | None], sets: Sequence[Sequence[int]], size_px: int
) -> list[F32 | None]:
    """Enlarge drawn AUs and combine those of every set; None where none is on the face."""
    wanted = {unit: grids.get(unit) for unit in chain.from_iterable(sets)}
    regions = {
        unit: None if grid is None else _enlarged(grid, size_px) for unit, grid in wanted.items()
    }
    return [_combined([regions[unit] for unit in units]) for units in sets]


def _enlarged(grid_GG: F32, size_px: int) -> F32:
    return np.asarray(cv2.resize(grid_GG, (size_px, size_px), interpolation=cv2.INTER_LINEAR))


def _combined(regions: Sequence[F32 | None]) -> F32 | None:
    present = [one for one in regions if one is not None]
    return np.asarray(reduce(cv2.max, present)) if present else None


def _draw_on_grid(region: Sequence[Ellipse], frame: Frame, canvas: F32) -> F32 | None:
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
