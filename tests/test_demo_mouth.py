"""The inside of the mouth."""

import numpy as np
import pytest

from demo.mouth import painted
from demo.portrait import resting_points

UNIT_PX = 40.0
LOWER_LIP = (65, 66, 67)


def face(gap):
    """Control points in px of a picture of 160 px, the inner lower lip lowered by a gap."""
    points = resting_points() * UNIT_PX + [80, 50]
    points[list(LOWER_LIP), 1] += gap * UNIT_PX
    return points


@pytest.mark.parametrize("gap", [0.0, 0.1, 0.4])
def test_nothing_but_the_mouth_is_painted(gap):
    points = face(gap)
    grey = np.full((160, 160, 3), 0.6, np.float32)
    changed = np.abs(painted(grey, points, UNIT_PX) - grey).max(axis=2) > 0.01
    rows, columns = np.nonzero(changed)
    low, high = points[48:68].min(axis=0) - 4, points[48:68].max(axis=0) + 4
    assert len(rows)
    assert low[0] < columns.min() <= columns.max() < high[0]
    assert low[1] < rows.min() <= rows.max() < high[1]


def test_only_an_open_mouth_shows_teeth():
    dark = np.zeros((160, 160, 3), np.float32)
    closed, opened = (painted(dark, face(gap), UNIT_PX).max() for gap in (0.0, 0.4))
    assert closed < 0.35
    assert opened > 0.8
