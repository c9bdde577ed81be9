"""An expression on a face: where action units carry the points."""

import numpy as np

from demo.expression import expressed
from demo.portrait import resting_points


def test_a_strong_frown_leaves_the_brows_above_the_lids():
    rng = np.random.default_rng(0)
    points = expressed(resting_points(), {"4": 2.0, "7": 1.0}, rng)
    assert (points[[18, 19, 20, 21], 1] < points[[37, 37, 38, 39], 1] - 0.05).all()
