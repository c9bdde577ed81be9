"""What each action unit moves, and which make an expression."""

import numpy as np
import pytest

from anatomy.au_coding import FACS_NUMBERS
from demo.action_units import displacement, facs_intensities, recipe
from demo.numbers import numbers
from demo.portrait import MIRROR
from tests.basic7 import EXPRESSIONS


@pytest.mark.parametrize("unit", [*numbers()["displacements"]])
def test_an_action_unit_moves_both_halves_alike(unit):
    moves = displacement(unit)
    np.testing.assert_array_equal(moves[list(MIRROR)], moves * [-1, 1])


def test_recipes_and_distractors_name_known_units():
    recipes = [recipe(expression) for expression in range(len(EXPRESSIONS))]
    named = {*numbers()["distractors"], *(unit for one in recipes for unit in one)}
    assert named <= set(numbers()["displacements"])


def test_intensities_are_counted_as_facs_does():
    assert facs_intensities({"lid droop": 0.4, "12": 1.6, "4": 0.8}) == pytest.approx(
        {4: 0.5, 12: 1, 43: 0.25}
    )


@pytest.mark.parametrize("expression", range(len(EXPRESSIONS)))
def test_no_intensity_can_be_above_the_maximum(expression):
    most = max([*recipe(expression).values(), 0.0]) * 1.15 * 1.2
    assert most <= numbers()["strongest"]


def test_every_unit_of_the_demo_has_a_number_of_facs():
    assert {*facs_intensities(dict.fromkeys(numbers()["displacements"], 1))} <= FACS_NUMBERS
