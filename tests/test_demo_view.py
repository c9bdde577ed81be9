"""Where the camera stands."""

import numpy as np
import pytest

from demo.portrait import moved, resting_points
from demo.view import inverse, placed

FACE = resting_points()[:68]


@pytest.mark.parametrize("seed", range(20))
def test_the_face_stays_inside_the_picture(seed):
    points = moved(FACE, placed(FACE, 128, np.random.default_rng(seed)))
    assert points.min() >= 0
    assert points.max() <= 127


def test_a_matrix_undone_leaves_points_where_they_were():
    matrix = placed(FACE, 128, np.random.default_rng(3))
    np.testing.assert_allclose(moved(moved(FACE, matrix), inverse(matrix)), FACE, atol=1e-12)


def test_about_half_of_the_pictures_are_mirrored():
    rng = np.random.default_rng(0)
    signs = [np.linalg.det(placed(FACE, 128, rng)[:, :2]) < 0 for _ in range(100)]
    assert 35 < sum(signs) < 65
