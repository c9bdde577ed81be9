"""Filled ellipses on a grid, against OpenCV's canvas."""

import cv2
import numpy as np
import pytest

from anatomy.codebooks import CODEBOOKS
from anatomy.drawing import GRID, place_on_canvas
from anatomy.raster import draw_grids
from tests.basic7 import book7


def scattered_faces(golden_landmarks, canvas_px, spread_px):
    rng = np.random.default_rng(0)
    faces = golden_landmarks[np.arange(40) % 9] * (canvas_px / 256)
    return faces + rng.normal(0, spread_px, (40, 68, 2)) + rng.normal(0, 3 * spread_px, (40, 1, 2))


def published_grid(region, frame, face):
    """Fill on the whole canvas, shrink, blur: the published way."""
    canvas = np.zeros((frame.canvas_px, frame.canvas_px), np.float32)
    for ellipse in region:
        centre, axes = (one[face].tolist() for one in ellipse.on(frame))
        cv2.ellipse(canvas, centre, axes, 0, 0, 360, 1, -1)
    shrunk = cv2.resize(canvas, (GRID, GRID), interpolation=cv2.INTER_LINEAR)
    return cv2.blur(shrunk, (3, 3)), bool(canvas.any())


@pytest.fixture(scope="module")
def golden_landmarks(golden_folder):
    return np.load(golden_folder / "au_heatmaps.npz")["landmarks"][:9]


@pytest.mark.parametrize("name", CODEBOOKS)
@pytest.mark.parametrize("spread_px", [3, 40])
def test_grids_are_those_of_a_filled_canvas_also_where_ellipses_leave_it(
    name, spread_px, golden_landmarks
):
    book = book7(name)
    regions = [unit.region for unit in book.regions.values()]
    frame = place_on_canvas(
        scattered_faces(golden_landmarks, 224, spread_px), book.face_scaled, 224
    )
    grids, present = draw_grids(regions, frame, GRID)
    for face in range(40):
        for number, region in enumerate(regions):
            expected, touched = published_grid(region, frame, face)
            np.testing.assert_array_equal(grids[face, number], expected)
            assert present[face, number] == touched


def test_no_faces_have_no_grids():
    book = book7()
    frame = place_on_canvas(np.zeros((0, 68, 2)), book.face_scaled, 224)
    grids, present = draw_grids([book.units[12].region], frame, GRID)
    assert (grids.shape, present.shape) == ((0, 1, GRID, GRID), (0, 1))
