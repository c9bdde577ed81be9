"""Differences of build."""

import numpy as np

from demo.person import varied
from demo.portrait import ANCHORS, resting_points

FACE = resting_points()


def test_the_anchors_stay_and_the_face_changes():
    other = varied(FACE, np.random.default_rng(0))
    np.testing.assert_array_equal(other[list(ANCHORS)], FACE[list(ANCHORS)])
    assert (other[:68] != FACE[:68]).any(axis=1).all()


def test_equal_generators_give_equal_persons():
    one, other, third = (varied(FACE, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, other)
    assert (one != third).any()


def test_no_person_is_far_from_the_portrait():
    rng = np.random.default_rng(0)
    moves = [np.linalg.norm(varied(FACE, rng) - FACE, axis=1).max() for _ in range(100)]
    assert max(moves) < 0.5  # of an eye distance
