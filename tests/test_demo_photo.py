"""What a camera does to a picture."""

import numpy as np
import pytest

from demo.photo import coloured, exposed, focused, grained, lit, taken

GREY = np.full((32, 32, 3), 0.5, np.float32)
STEPS = (lit, exposed, coloured, focused, grained)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_depends_on_its_generator_alone_and_keeps_the_picture(step):
    given = np.random.default_rng(9).random((32, 32, 3), np.float32)
    before = given.copy()
    one, other = (step(given, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(given, before)
    assert one.dtype == np.float32


def test_light_from_a_side_keeps_the_mean():
    assert lit(GREY, np.random.default_rng(0)).mean() == pytest.approx(0.5, abs=1e-3)


def test_grey_has_no_colour_to_lose():
    np.testing.assert_allclose(coloured(GREY, np.random.default_rng(0)), GREY, atol=1e-6)


def test_a_photograph_is_made_of_bytes():
    photograph = taken(GREY * 3, np.random.default_rng(0))
    assert photograph.dtype == np.uint8
    assert photograph.max() == 255
