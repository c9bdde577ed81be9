import numpy as np
import pytest

from anatomy.landmarks import (
    FLIP,
    POINTS,
    REGIONS,
    five_landmarks,
    mirror_points,
    normalized_mean_error,
    rescale_points,
)


def test_the_regions_hold_every_point_once():
    assert sorted(point for region in REGIONS.values() for point in region) == list(range(POINTS))


def test_mirroring_twice_changes_nothing():
    points = np.random.default_rng(0).uniform(0, 100, (68, 2))
    np.testing.assert_allclose(mirror_points(mirror_points(points, 100), 100), points)


@pytest.mark.parametrize(
    ("left", "right"), [("left brow", "right brow"), ("left eye", "right eye")]
)
def test_a_mirror_swaps_the_sides(left, right):
    assert {FLIP[point] for point in REGIONS[left]} == set(REGIONS[right])


@pytest.mark.parametrize("region", ["jaw", "nose", "outer lip", "inner lip"])
def test_a_mirror_keeps_what_lies_in_the_middle(region):
    assert {FLIP[point] for point in REGIONS[region]} == set(REGIONS[region])


def test_the_outer_corners_of_the_eyes_change_places():
    assert (FLIP[36], FLIP[45], FLIP[48], FLIP[54]) == (45, 36, 54, 48)


def test_the_error_is_a_fraction_of_the_outer_eye_distance():
    points = np.zeros((68, 2))
    points[45] = (50, 0)
    assert normalized_mean_error(points + np.array([5, 0]), points) == pytest.approx(0.1)


def test_two_eyes_in_one_place_give_an_infinite_error():
    assert normalized_mean_error(np.ones((68, 2)), np.zeros((68, 2))) == float("inf")


def test_rescaling_keeps_the_corners_of_the_picture():
    corners = np.array([[-0.5, -0.5], [255.5, 255.5]])
    np.testing.assert_allclose(rescale_points(corners, 256, 224), [[-0.5, -0.5], [223.5, 223.5]])


def test_five_points_run_from_left_eye_to_right_mouth_corner():
    points = np.arange(136, dtype=float).reshape(68, 2)
    expected = [points[36:42].mean(0), points[42:48].mean(0), points[30], points[48], points[54]]
    np.testing.assert_allclose(five_landmarks(points), expected)
