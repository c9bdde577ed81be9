"""How action units are drawn: ellipses on a canvas, shrunk to a small grid, combined."""

import numpy as np

from anatomy.drawing import combine, distinct_regions, draw_regions, stack
from tests.basic7 import book7


def test_units_with_the_same_region_are_drawn_once():
    regions = {number: unit.region for number, unit in book7().regions.items()}
    sets = [tuple((regions[number], 1.0) for number in one) for one in ((23, 24, 26), (12, 15))]
    assert distinct_regions(sets) == [regions[23], regions[12]]


def test_a_face_without_landmarks_has_no_units():
    grids, present = draw_regions(
        np.full((1, 68, 2), np.nan), [book7().regions[12].region], False, 224
    )
    assert not grids.any()
    assert present.tolist() == [[False]]


def test_combining_takes_the_larger_value_and_skips_what_is_not_on_the_face():
    grids = np.full((3, 28, 28), [[[0.25]], [[0.75]], [[0]]], np.float32)
    sets = [((0, 1.0), (1, 1.0), (2, 1.0)), ((2, 1.0),)]
    both, none = combine(grids, np.array([True, True, False]), sets, 28)
    np.testing.assert_array_equal(both, grids[1])
    assert none is None


def test_a_weight_lowers_the_inside_of_its_region():
    grids = np.full((2, 28, 28), [[[0.25]], [[0.75]]], np.float32)
    (low,) = combine(grids, np.array([True, True]), [((0, 1.0), (1, 0.5))], 28)
    np.testing.assert_array_equal(low, np.float32(0.375))


def test_stacked_maps_are_stretched_to_the_unit_range_and_absent_ones_are_zero():
    maps, valid = stack([np.array([[1, 2], [3, 5]], np.float32), None], 2, normalise=True)
    np.testing.assert_array_equal(maps[0], [[0, 0.25], [0.5, 1]])
    assert not maps[1].any()
    assert valid.tolist() == [True, False]
