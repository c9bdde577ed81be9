"""What stands behind the face."""

import numpy as np
import pytest

from demo.backdrop import BACKDROPS, draw


@pytest.mark.parametrize("name", BACKDROPS)
@pytest.mark.parametrize("size_px", [48, 96])
def test_a_backdrop_fills_the_picture_with_colours_in_range(name, size_px):
    found = BACKDROPS[name](np.random.default_rng(0), size_px)
    assert (found.shape, found.dtype) == ((size_px, size_px, 3), np.float32)
    assert found.min() >= 0
    assert found.max() <= 1


def test_equal_generators_draw_equal_backdrops():
    one, other, third = (draw(np.random.default_rng(seed), 32) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, other)
    assert (one != third).any()
