from anatomy.landmarks import POINTS
from demo.numbers import numbers
from tests.basic7 import EXPRESSIONS


def test_the_portrait_has_every_landmark_and_a_recipe_per_expression():
    assert len(numbers()["landmarks_px"]) == POINTS
    assert list(numbers()["recipes"]) == list(EXPRESSIONS)
