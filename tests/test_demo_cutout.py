"""A person freed of a plain backdrop: here a red square on grey."""

import numpy as np

from demo.cutout import BAND_PX, cut_out

PICTURE = np.full((96, 96, 3), 128, np.uint8)
PICTURE[24:72, 24:72] = (220, 30, 30)
OUTLINE = np.array([[24, 24], [71, 24], [71, 71], [24, 71]], float)


def test_the_inside_is_opaque_and_the_outside_clear():
    alpha = cut_out(PICTURE, OUTLINE)[..., 3]
    assert (alpha[24 + BAND_PX : 72 - BAND_PX, 24 + BAND_PX : 72 - BAND_PX] == 255).all()
    assert alpha[: 24 - BAND_PX - 3].max() == 0


def test_an_outline_that_is_a_little_off_is_put_right_by_colour():
    exact, off = (cut_out(PICTURE, OUTLINE + shift)[..., 3] > 127 for shift in (0, 3))
    assert (exact != off).mean() < 0.02


def test_colours_at_the_edge_are_those_of_the_person():
    cut = cut_out(PICTURE, OUTLINE)
    kept = cut[cut[..., 3] > 127]
    assert np.abs(kept[:, :3].astype(int) - (220, 30, 30)).max() < 40
