import numpy as np
import pytest

from anatomy.au_coding import (
    FACS_NUMBERS,
    AUCoding,
    region_units,
    region_weights,
    uncoded,
)
from anatomy.codebooks import CODEBOOKS
from tests.basic7 import book7

BOOK = book7()


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


@pytest.mark.parametrize("name", CODEBOOKS)
def test_every_region_that_can_be_drawn_has_one_unit(name):
    book = book7(name)
    regions = [book.regions[unit].region for unit in region_units(book)]
    assert {*regions} == {unit.region for unit in book.regions.values()}
    assert len({*regions}) == len(regions)


def test_some_faces_keep_their_units():
    some = coded((1, 2), [0, 1], [1, 0], [0.5, 0.5]).take(np.array([2, 0]))
    assert some.units == (1, 2)
    np.testing.assert_array_equal(some.intensities_NU, [[0.5, 0.5], [0, 1]])
