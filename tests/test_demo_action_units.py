"""What each action unit moves, and which make an expression."""

import numpy as np
import pytest

from anatomy.expressions import EXPRESSIONS
from demo.action_units import displacement, recipe
from demo.numbers import numbers
from demo.portrait import MIRROR


@pytest.mark.parametrize("unit", [*numbers()["displacements"]])
def test_an_action_unit_moves_both_halves_alike(unit):
    moves = displacement(unit)
    np.testing.assert_array_equal(moves[list(MIRROR)], moves * [-1, 1])


def test_recipes_and_distractors_name_known_units():
    recipes = [recipe(expression) for expression in range(len(EXPRESSIONS))]
    named = {*numbers()["distractors"], *(unit for one in recipes for unit in one)}
    assert named <= set(numbers()["displacements"])
