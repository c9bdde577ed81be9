"""The points of the portrait, in the eye frame."""

import numpy as np
import pytest

from anatomy.landmarks import REGIONS
from demo.portrait import ANCHORS, moved, resting_points, smiling_points

BOTH = pytest.mark.parametrize("points", [resting_points(), smiling_points()])


@BOTH
def test_the_eyes_are_one_unit_apart_and_level(points):
    left, right = (points[list(REGIONS[eye])].mean(axis=0) for eye in ("left eye", "right eye"))
    np.testing.assert_allclose([left, right], [[-0.5, 0], [0.5, 0]], atol=1e-12)


@BOTH
def test_the_anchors_lie_around_everything_else(points):
    anchors, others = points[list(ANCHORS)], np.delete(points, list(ANCHORS), axis=0)
    assert (anchors.min(axis=0) < others.min(axis=0)).all()
    assert (anchors.max(axis=0) > others.max(axis=0)).all()


def test_a_resting_mouth_is_closed_and_even():
    points = resting_points()
    np.testing.assert_allclose(points[48] * [-1, 1], points[54])
    assert abs(points[62, 1] - points[66, 1]) < 0.03


def test_an_affine_map_moves_points_by_hand():
    np.testing.assert_array_equal(
        moved(np.array([[1.0, 2.0]]), np.array([[0, 1, 5], [2, 0, 0]])), [[7, 2]]
    )
