"""Which part of a picture becomes the crop."""

import numpy as np
import pytest

from anatomy.landmarks import five_landmarks
from anatomy.templates import TEMPLATES
from pipeline.faces.framing import frame, frame_like, without_face
from pipeline.faces.warp import crop, transform_points
from tests.indexing import align_params

BOX = (100, 50, 70, 35)


def middle(matrix_23, x, y):
    return transform_points(np.array([[x, y]]), matrix_23)[0].tolist()


def test_a_boxed_face_that_leaves_its_picture_is_turned_upright_all_the_same(template_face):
    leaving = np.add(template_face, (90, 0))
    assert frame(leaving, (256, 256), align_params(mode="auto"))[1] == "resize"
    matrix, mode, inside = frame(leaving, (256, 256), align_params(mode="auto"), BOX)
    assert mode == "align"
    assert inside < 0.8
    np.testing.assert_allclose(transform_points(leaving, matrix), template_face, atol=1e-8)


def test_mode_resize_takes_the_box_where_there_is_one(template_face):
    matrix, mode, _ = frame(template_face, (256, 256), align_params(mode="resize"), BOX)
    assert mode == "resize"
    np.testing.assert_allclose(matrix, without_face((256, 256), 256, BOX)[0])


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_face_comes_to_lie_where_its_template_says(template_face, name):
    matrix, _, _ = frame(template_face, (256, 256), align_params(template=name, size_px=112))
    found = five_landmarks(transform_points(template_face, matrix))
    assert np.abs(found - (TEMPLATES[name] * 112 - 0.5)).max() < 3


def test_the_template_of_arcface_shows_less_around_the_face(template_face):
    looser, tighter = (
        frame(template_face, (256, 256), align_params(template=name))[0]
        for name in ("aulens", "arcface_112")
    )
    assert np.linalg.det(tighter[:, :2]) > 1.05 * np.linalg.det(looser[:, :2])


LIKE = TEMPLATES["arcface_112"]


def test_a_face_in_a_larger_picture_comes_to_lie_as_others_do(template_face):
    shown = template_face * 0.5 + (300, 200)
    matrix, mode, _ = frame_like(shown, (600, 800), LIKE, 224)
    found = (five_landmarks(transform_points(shown, matrix)) + 0.5) / 224
    assert mode == "like-training"
    assert np.abs(found - LIKE).max() < 0.02


def test_a_picture_that_is_such_a_crop_already_is_taken_as_it_is(template_face):
    matrix, _, _ = frame_like(template_face, (256, 256), LIKE, 224)
    crop_face = transform_points(template_face, matrix)
    again, mode, inside = frame_like(crop_face, (224, 224), LIKE, 224)
    assert (mode, inside) == ("resize", 1.0)
    np.testing.assert_allclose(again, [[1, 0, 0], [0, 1, 0]])


def test_a_picture_that_has_the_crops_size_is_taken_as_it_is(template_face):
    params = align_params(mode="resize", size_px=224)
    matrix, _, _ = frame(template_face, (224, 224), params)
    image = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    np.testing.assert_array_equal(crop(image, matrix, 224), image)


def test_without_a_face_the_box_stands_in_the_middle_unstretched():
    matrix, inside = without_face((300, 300), 100, BOX)
    assert matrix[0, 0] == matrix[1, 1] == pytest.approx(1)
    assert middle(matrix, 134.5, 67) == pytest.approx([49.5, 49.5])
    assert inside == 1


def test_what_is_around_a_box_may_leave_the_picture():
    assert without_face((300, 300), 100, (0, 0, 70, 70))[1] == pytest.approx(0.85**2, abs=0.02)


def test_without_a_face_and_a_box_the_whole_picture_is_kept():
    matrix, inside = without_face((50, 200), 100)
    np.testing.assert_allclose(matrix[:, :2], [[0.5, 0], [0, 2]])
    assert inside == 1
