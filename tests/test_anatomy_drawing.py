"""How action units are drawn: ellipses on a canvas, shrunk to a small grid, combined."""

import numpy as np

from anatomy.action_units import CODEBOOKS
from anatomy.drawing import combine, distinct_units, draw_units, stack

BOOK = CODEBOOKS["published"]


def test_units_with_the_same_region_are_drawn_once():
    assert distinct_units([(23, 24, 26), (12, 15)], BOOK) == [[23], [12]]


def test_a_face_without_landmarks_has_no_units():
    grids, present = draw_units(np.full((1, 68, 2), np.nan), [12], BOOK, 224)
    assert not grids.any()
    assert present.tolist() == [[False]]


def test_combining_takes_the_larger_value_and_skips_what_is_not_on_the_face():
    grids = np.full((3, 28, 28), [[[0.25]], [[0.75]], [[0]]], np.float32)
    both, none = combine(grids, np.array([True, True, False]), [[0, 1, 2], [2]], 28)
    np.testing.assert_array_equal(both, grids[1])
    assert none is None


def test_stacked_maps_are_stretched_to_the_unit_range_and_absent_ones_are_zero():
    maps, valid = stack([np.array([[1, 2], [3, 5]], np.float32), None], 2, normalise=True)
    np.testing.assert_array_equal(maps[0], [[0, 0.25], [0.5, 1]])
    assert not maps[1].any()
    assert valid.tolist() == [True, False]
