import numpy as np
import pytest

from anatomy.action_units import CODEBOOKS
from anatomy.au_coding import (
    FACS_NUMBERS,
    AUCoding,
    class_weights,
    region_units,
    region_weights,
    uncoded,
)
from anatomy.heatmaps import comparison_sets

BOOK = CODEBOOKS["published"]


def coded(units, *rows):
    return AUCoding(units, np.array(rows, np.float32))


@pytest.mark.parametrize("book", CODEBOOKS.values())
def test_every_unit_of_a_codebook_has_a_number_of_facs(book):
    assert {*book.units} <= FACS_NUMBERS


def test_facs_has_no_third_unit_and_no_fortieth():
    assert not {0, 3, 40, 47} & FACS_NUMBERS


def test_a_face_is_coded_if_one_unit_was_even_if_it_is_absent():
    found = coded((1, 12), [np.nan, np.nan], [0, np.nan], [0.4, 1]).is_coded
    assert found.tolist() == [False, True, True]
    assert uncoded(2).is_coded.tolist() == [False, False]


def test_units_that_share_a_region_give_it_the_strongest_intensity():
    weights = region_weights(coded((12, 15), [0.4, 0.8], [0.6, 0.2]), BOOK, 0.1)
    corners = region_units(BOOK).index(12)
    np.testing.assert_allclose(weights[:, corners], [0.8, 0.6])
    assert (np.delete(weights, corners, axis=1) == 0).all()


def test_what_is_weak_or_not_coded_or_has_no_region_weighs_nothing():
    weights = region_weights(coded((1, 4, 39), [0.09, np.nan, 1]), BOOK, 0.1)
    assert not weights.any()


def test_a_class_weighs_its_own_regions_alike():
    weights = class_weights(BOOK.expressions["Happiness"], BOOK)
    chosen = [unit for unit, weight in zip(region_units(BOOK), weights, strict=True) if weight]
    assert chosen == [6, 12, 25]
    assert {*weights.tolist()} == {0.0, 1.0}


@pytest.mark.parametrize("name", CODEBOOKS)
def test_the_regions_are_those_that_attention_is_compared_with(name):
    assert region_units(CODEBOOKS[name]) == comparison_sets(name).units


def test_some_faces_keep_their_units():
    some = coded((1, 2), [0, 1], [1, 0], [0.5, 0.5]).take(np.array([2, 0]))
    assert some.units == (1, 2)
    np.testing.assert_array_equal(some.intensities_NU, [[0.5, 0.5], [0, 1]])
