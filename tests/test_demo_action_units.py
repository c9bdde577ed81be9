"""What each action unit moves, and which make an expression."""

import numpy as np
import pytest

from anatomy.expressions import EXPRESSIONS
from demo.action_units import DISPLACEMENTS, DISTRACTORS, RECIPES, displacement
from demo.portrait import MIRROR


@pytest.mark.parametrize("unit", DISPLACEMENTS)
def test_an_action_unit_moves_both_halves_alike(unit):
    moves = displacement(unit)
    np.testing.assert_array_equal(moves[list(MIRROR)], moves * [-1, 1])


def test_recipes_and_distractors_name_known_units():
    named = {*DISTRACTORS, *(unit for recipe in RECIPES for unit in recipe)}
    assert len(RECIPES) == len(EXPRESSIONS)
    assert named <= set(DISPLACEMENTS)
