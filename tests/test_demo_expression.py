"""An expression on a face: where action units carry the points."""

import numpy as np

from demo.action_units import recipe
from demo.expression import expressed, intensities
from demo.portrait import resting_points


def test_a_strong_frown_leaves_the_brows_above_the_lids():
    rng = np.random.default_rng(0)
    points = expressed(resting_points(), {"4": 2.0, "7": 1.0}, rng)
    assert (points[[18, 19, 20, 21], 1] < points[[37, 37, 38, 39], 1] - 0.05).all()


def chosen(variety, number, expression=3):
    return intensities(expression, np.random.default_rng([0, expression, number]), variety)


def test_without_variety_faces_of_one_expression_show_the_same_units():
    assert all({*recipe(3)} <= {*chosen(0, number)} for number in range(20))


def test_variety_leaves_units_out_and_adds_strong_ones():
    faces = [chosen(1, number) for number in range(40)]
    assert all(len({*one} & {*recipe(3)}) == 4 for one in faces)
    assert len({frozenset(one) for one in faces}) > 30
    further = [[one[unit] for unit in {*one} - {*recipe(3)}] for one in faces]
    assert all(max(values) >= 0.4 for values in further)


def test_variety_leaves_the_rest_of_the_face_as_it_is():
    plain, varied = (np.random.default_rng([0, 3, 1]) for _ in range(2))
    intensities(3, plain)
    intensities(3, varied, 0.7)
    assert plain.random() == varied.random()


def test_a_neutral_face_has_no_unit_to_leave_out():
    assert all(len(chosen(1, number, 0)) in (1, 2) for number in range(20))
