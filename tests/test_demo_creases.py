"""Skin folds: where they darken a face, and for which action units."""

import numpy as np
import pytest

from demo.creases import CREASES, folded
from demo.portrait import moved, resting_points

SIZE, UNIT_PX = 512, 100.0
POINTS_PX = moved(resting_points(), np.array([[UNIT_PX, 0, 256], [0, UNIT_PX, 200]]))


def darkened(**chosen):
    """How much green each pixel of a white picture loses."""
    white = np.ones((SIZE, SIZE, 3), np.float32)
    return 1 - folded(white, POINTS_PX, chosen, UNIT_PX)[..., 1]


@pytest.mark.parametrize("chosen", [{}, {"4": 0.05}, {"26": 1.0}])
def test_a_face_without_active_folds_stays_as_it_is(chosen):
    assert not darkened(**chosen).any()


def test_a_furrowed_brow_darkens_the_skin_between_the_brows():
    lost = darkened(**{"4": 1.0})
    rows, columns = np.nonzero(lost > 0.05)
    assert POINTS_PX[21, 0] - UNIT_PX / 4 < columns.min()
    assert columns.max() < POINTS_PX[22, 0] + UNIT_PX / 4
    assert abs(rows.mean() - POINTS_PX[21, 1]) < UNIT_PX / 4


def test_folds_appear_in_both_halves_of_the_face():
    lost = darkened(**{"12": 1.0})
    left, right = (lost[:, half].sum() for half in (slice(None, 256), slice(256, None)))
    assert left == pytest.approx(right, rel=0.2)


def test_a_stronger_unit_makes_a_darker_fold():
    weak, strong = darkened(**{"15": 0.5}), darkened(**{"15": 1.0})
    assert (strong >= weak).all()
    assert strong.max() == pytest.approx(2 * weak.max(), rel=1e-3)


def test_units_add_up_and_stop_at_one():
    strengths = [strength({"4": 1.0, "9": 1.0}) for _, strength in CREASES]
    assert strengths[0] == pytest.approx(0.55 + 0.15)
    assert strengths[2] == pytest.approx(0.5)
