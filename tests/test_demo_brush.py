"""Soft shapes and curves."""

import numpy as np
import pytest

from demo import brush

SQUARE = [
    np.array([8.0, 8.0]),
    np.array([23.0, 8.0]),
    np.array([23.0, 23.0]),
    np.array([8.0, 23.0]),
]


def test_a_curve_passes_through_its_points():
    points = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 1.0]])
    found = brush.curve(points, steps=8)
    np.testing.assert_allclose(found[::8], points)
    assert len(found) == 17


def test_a_filled_square_is_full_inside_and_empty_outside():
    mask = brush.filled(32, SQUARE, 0)
    assert mask[16, 16] == 1
    assert mask[2, 2] == 0
    assert mask.sum() == pytest.approx(16 * 16, rel=0.05)


def test_a_stroke_is_strongest_in_its_middle():
    line = brush.stroke(32, brush.curve(np.array([[4.0, 16.0], [16.0, 16.0], [28.0, 16.0]])), 2, 0)
    assert line[16, 16] > line[16, 6] > line[4, 4] == 0


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0.25), (0.5, 0.625), (1.0, 1.0)])
def test_a_mixture_lies_between_picture_and_colour(share, expected):
    picture = np.full((2, 2, 3), 0.25, np.float32)
    mixed = brush.mixed(picture, np.full((2, 2), share, np.float32), (1.0, 1.0, 1.0))
    np.testing.assert_allclose(mixed, expected)
