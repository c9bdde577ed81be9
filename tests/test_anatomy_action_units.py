"""Where action units are drawn."""

import numpy as np

from anatomy.action_units import Ellipse, Extent, Frame

POINTS = np.array([[(10 * number, 5 * number) for number in range(68)]])


def test_an_ellipse_lies_midway_between_its_points():
    ellipse = Ellipse((0, 2), (2, 4), Extent(7), Extent(span=(2, 4)))
    centre, axes = ellipse.on(Frame(POINTS, 224, None))
    assert (centre.tolist(), axes.tolist()) == ([[10, 15]], [[7, 5]])


def test_a_centre_moved_to_the_side_stays_on_the_canvas():
    ellipse = Ellipse((1, 1), (1, 1), Extent(7), Extent(7), right=-20)
    assert ellipse.on(Frame(POINTS, 224, None))[0].tolist() == [[0, 5]]


def test_lengths_follow_the_face_only_where_the_codebook_says_so():
    twice = np.array([2.0])
    assert Frame(POINTS, 224, None).length(20).tolist() == [20]
    assert Frame(POINTS, 224, twice).length(20).tolist() == [40]
    assert Frame(POINTS, 224, twice).share(8).tolist() == [56]
