"""Filled ellipses on a small grid, for many faces at a time.

The published way fills each ellipse on the canvas (cv2.ellipse) and shrinks the canvas to the grid
(cv2.resize, bilinear). Shrinking reads few pixels of the canvas, and a filled ellipse is one run
per row, which depends on its half axes alone. So only the pixels that are read are filled, from a
table of runs that OpenCV itself draws. The grids are those of the published way to the bit.

Shapes: N faces, E ellipses, U units, G side of the grid, R = 2 G rows or columns that are read,
H rows of a run table, D tables.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.action_units import Frame, Ints, Shape

F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]


def draw_grids(regions: Sequence[Sequence[Shape]], frame: Frame, grid: int) -> tuple[F32, Bools]:
    """Fill the ellipses of every region, shrink to the grid and blur.

    Args:
        regions: ellipses of each unit.
        frame: the faces.
        grid: its side.

    Returns:
        (N, U, G, G) in [0, 1], and whether anything of the region is on the canvas (N, U).
    """
    faces = len(frame.points_NL2)
    grids_NUGG = np.zeros((faces, len(regions), grid, grid), np.float32)
    present_NU = np.zeros((faces, len(regions)), bool)
    places_R, weights_G2 = grid_samples(frame.canvas_px, grid)
    for number, region in enumerate(regions):
        filled_NRR = np.zeros((faces, len(places_R), len(places_R)), bool)
        for ellipse in region:
            runs_NH2, top_N = _runs(*ellipse.on(frame))
            present_NU[:, number] |= _touches(runs_NH2, top_N, frame.canvas_px)
            filled_NRR |= _filled(runs_NH2, top_N, places_R)
        grids_NUGG[:, number] = _shrunk(filled_NRR, weights_G2)
    for face_UGG in grids_NUGG if regions else ():
        blurred_GGU = cv2.blur(np.ascontiguousarray(face_UGG.transpose(1, 2, 0)), (3, 3))
        face_UGG[:] = blurred_GGU.reshape(grid, grid, -1).transpose(2, 0, 1)
    return grids_NUGG, present_NU


class EllipseRuns(NamedTuple):
    """Where ellipses are filled, for whoever fills them elsewhere.

    Attributes:
        corners_NE2: column of the centre, and the row of the canvas that the table begins with.
        tables_NE: which table.
        runs_DH2: first and last filled column per row, about the centre; (1, 0) if none is.
    """

    corners_NE2: Ints
    tables_NE: Ints
    runs_DH2: Ints


def ellipse_runs(regions: Sequence[Sequence[Shape]], frame: Frame) -> EllipseRuns:
    """Return the runs of all ellipses of some regions, one after another."""
    placed = [ellipse.on(frame) for region in regions for ellipse in region]
    centres_NE2, axes_NE2 = (np.stack(one, axis=1) for one in zip(*placed, strict=True))
    axes_D2, tables = np.unique(axes_NE2.reshape(-1, 2), axis=0, return_inverse=True)
    drawn = [_run_table(int(a), int(b)) for a, b in axes_D2]
    runs_DH2 = np.full((len(drawn), max(map(len, drawn)), 2), (1, 0))
    for runs_H2, table in zip(runs_DH2, drawn, strict=True):
        runs_H2[: len(table)] = table
    tables_NE = tables.reshape(axes_NE2.shape[:2])
    halves_D = np.array([len(table) // 2 for table in drawn])
    centres_NE2[..., 1] -= halves_D[tables_NE]
    return EllipseRuns(centres_NE2, tables_NE, runs_DH2)


def grid_samples(canvas_px: int, grid: int) -> tuple[Ints, F32]:
    """Return the rows that bilinear shrinking reads, (R,), and their weights, (G, 2)."""
    centres_G = (np.arange(grid) + 0.5) * (canvas_px / grid) - 0.5
    low_G = np.floor(centres_G)
    share_G = np.where((low_G < 0) | (low_G >= canvas_px - 1), 0, centres_G - low_G)
    places_G2 = np.stack([low_G, low_G + 1], axis=1).clip(0, canvas_px - 1)
    weights_G2 = np.stack([1 - share_G, share_G], axis=1).astype(np.float32)
    return places_G2.ravel().astype(np.int64), weights_G2


def _runs(centres_N2: Ints, axes_N2: Ints) -> tuple[Ints, Ints]:
    """Return first and last filled column per row, (N, H, 2), and the first row of each table."""
    tables = [_run_table(int(a), int(b)) for a, b in axes_N2]
    height = max(map(len, tables), default=1)
    runs_NH2 = np.full((len(tables), height, 2), (1, 0))
    for runs_H2, table in zip(runs_NH2, tables, strict=True):
        runs_H2[: len(table)] = table
    top_N = centres_N2[:, 1] - np.array([len(table) // 2 for table in tables], np.int64)
    empty_NH1 = runs_NH2[..., :1] > runs_NH2[..., 1:]
    return np.where(empty_NH1, (1, 0), runs_NH2 + centres_N2[:, None, :1]), top_N


@cache
def _run_table(a: int, b: int) -> Ints:
    """Let OpenCV fill an ellipse, and return its runs about the centre: (2 b + 3, 2)."""
    middle, rows = a + 1, b + 1
    canvas = np.zeros((2 * rows + 1, 2 * middle + 1), np.uint8)
    cv2.ellipse(canvas, (middle, rows), (a, b), 0, 0, 360, 1, -1)
    filled = np.asarray(canvas.any(axis=1))
    first = canvas.argmax(axis=1) - middle
    last = middle - canvas[:, ::-1].argmax(axis=1)
    return np.where(filled[:, None], np.stack([first, last], axis=1), (1, 0))


def _touches(runs_NH2: Ints, top_N: Ints, canvas_px: int) -> Bools:
    rows_NH = top_N[:, None] + np.arange(runs_NH2.shape[1])
    first_NH, last_NH = runs_NH2[..., 0].clip(min=0), runs_NH2[..., 1].clip(max=canvas_px - 1)
    return np.asarray(((first_NH <= last_NH) & (rows_NH >= 0) & (rows_NH < canvas_px)).any(axis=1))


def _filled(runs_NH2: Ints, top_N: Ints, places_R: Ints) -> Bools:
    """Return which of the pixels that are read are filled: (N, R, R)."""
    rows_NR = places_R - top_N[:, None]
    inside_NR = (rows_NR >= 0) & (rows_NR < runs_NH2.shape[1])
    runs_NR2 = np.take_along_axis(runs_NH2, np.where(inside_NR, rows_NR, 0)[..., None], axis=1)
    columns_NRR = (places_R >= runs_NR2[..., :1]) & (places_R <= runs_NR2[..., 1:])
    return np.asarray(columns_NRR & inside_NR[..., None])


def _shrunk(filled_NRR: Bools, weights_G2: F32) -> F32:
    """Take the weighted mean of the 2 x 2 pixels behind every cell: (N, G, G)."""
    faces, grid = len(filled_NRR), len(weights_G2)
    pairs = filled_NRR.reshape(faces, grid, 2, grid, 2).astype(np.float32)
    rows = pairs[..., 0] * weights_G2[:, 0] + pairs[..., 1] * weights_G2[:, 1]
    return np.asarray(
        rows[:, :, 0] * weights_G2[:, :1] + rows[:, :, 1] * weights_G2[:, 1:], np.float32
    )
