"""Which face a box belongs to, and where to look for it."""

import numpy as np
import pytest

from pipeline.faces.boxes import around, box_of, in_picture, match, overlap


def test_the_box_of_a_face_reaches_from_its_first_to_its_last_point():
    assert box_of(np.array([[3.0, 9.0], [7.0, 4.0]])) == (3, 4, 4, 5)


@pytest.mark.parametrize(
    ("other", "share"),
    [((0, 0, 4, 4), 1), ((2, 0, 4, 4), 1 / 3), ((0, 0, 2, 2), 1 / 4), ((4, 0, 4, 4), 0)],
)
def test_overlap_is_the_shared_area_of_all(other, share):
    assert overlap((0, 0, 4, 4), other) == pytest.approx(share)


def test_boxes_without_area_share_nothing():
    assert overlap((1, 1, 0, 0), (1, 1, 0, 0)) == 0


def test_a_box_is_cut_to_the_picture():
    assert in_picture((-5, 10, 20, 30), 25, 100) == (0, 10, 15, 15)
    assert in_picture((100, 0, 5, 5), 25, 100) is None
    assert in_picture((5, 5, 0, 5), 25, 100) is None


def test_a_box_is_looked_at_with_its_surroundings_inside_the_picture():
    assert around((10, 10, 20, 40), 0.5, 300, 200) == (0, 0, 50, 70)
    assert around((100.5, 50.5, 20, 20), 0.25, 300, 200) == (95, 45, 31, 31)
    assert around((190, 290, 10, 10), 1.0, 300, 200) == (180, 280, 20, 20)


@pytest.mark.parametrize("loose", [0.5, 1, 1.5, 2])
def test_a_face_fits_its_box_whether_it_is_tight_or_loose(template_face, loose):
    x, y, width, height = box_of(template_face)
    wider, higher = width * loose, height * loose
    box = (x + (width - wider) / 2, y + (height - higher) / 2, wider, higher)
    assert match(template_face, box) > 0


@pytest.mark.parametrize("loose", [0.5, 1, 1.5, 2])
def test_a_neighbour_fits_no_box_of_another(template_face, loose):
    x, y, width, height = box_of(template_face)
    wider, higher = width * loose, height * loose
    box = (x + width + (width - wider) / 2, y + (height - higher) / 2, wider, higher)
    assert match(template_face, box) == 0


def test_a_far_larger_or_smaller_face_does_not_fit(template_face):
    x, y, width, height = box_of(template_face)
    assert match(template_face, (x + width / 3, y + height / 3, width / 3, height / 3)) == 0
    assert match(template_face, (x - width, y - height, width * 3, height * 3)) == 0
