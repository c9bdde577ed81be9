"""Pictures that are handed over to be explained, and the faces in them."""

from dataclasses import replace

import numpy as np
import pytest

from anatomy.landmarks import five_landmarks
from explain.media import FaceDetector, outline, reading_order, resized
from params import load
from pipeline.faces.backends import BACKENDS
from pipeline.faces.decode import UndecodableError
from tests.pictures import PAGE_PICTURE


@pytest.fixture
def detector(checkout, monkeypatch, template_face):
    """Faces are found by one backend, which sees the template face everywhere."""
    monkeypatch.setitem(BACKENDS, "mediapipe", lambda image_HW3: template_face[None])
    file = checkout / "params.yaml"
    find = load(file).explain.find
    return FaceDetector(
        find.model_copy(update={"backends": ("mediapipe",)}),
        load(file).align,
        load(file).landmark,
    )


def test_a_lone_face_has_the_points_of_the_second_look(detector, template_face):
    detected = detector.detect(PAGE_PICTURE)
    assert detected.stacked().shape == (1, 256, 256, 3)
    np.testing.assert_allclose(detected.points_BL2[0], template_face)


def test_faces_are_framed_like_those_of_training_if_these_were_used_as_given(
    detector, template_face
):
    like_52 = (five_landmarks(template_face * 0.5 + (64, 64)) + 0.5) / 256
    found = replace(detector, like_52=like_52).detect(PAGE_PICTURE).faces[0]
    np.testing.assert_allclose(found.points_L2, template_face * 0.5 + (64, 64), atol=0.5)
    assert found.detail == "like-training"
    assert detector.detect(PAGE_PICTURE).faces[0].detail == "align"


def test_a_picture_without_a_face_has_no_points(detector, monkeypatch):
    monkeypatch.setitem(BACKENDS, "mediapipe", lambda image_HW3: np.zeros((0, 68, 2)))
    detected = detector.detect(PAGE_PICTURE)
    assert detected.faces == ()
    assert detected.points_BL2.shape == (0, 68, 2)


def test_a_file_that_is_no_picture_says_why(detector, tmp_path):
    (tmp_path / "page.jpg").write_text("<html>")
    with pytest.raises(UndecodableError, match="HTML"):
        detector.read(tmp_path / "page.jpg")


@pytest.mark.parametrize("longer_px", [160, 640])
def test_outlines_follow_a_picture_to_another_size(detector, longer_px):
    detected = detector.detect(PAGE_PICTURE)
    shown = resized(detected, longer_px)
    assert shown.image_HW3.shape[1] == longer_px
    expected = (outline(detected.faces[0]) + 0.5) * longer_px / 320 - 0.5
    np.testing.assert_allclose(outline(shown.faces[0]), expected, atol=1e-4)


def squares(*corners, side=100):
    """Outlines of upright faces with these upper left corners."""
    square = np.array([[0, 0], [side, 0], [side, side], [0, side]])
    return np.array([square + corner for corner in corners], float)


def test_faces_are_read_by_rows_and_from_left_to_right():
    outlines = squares((300, 10), (150, 0), (0, 20), (200, 120), (20, 130))
    assert reading_order(outlines) == [2, 1, 0, 4, 3]


def test_faces_of_one_row_need_not_be_quite_level():
    assert reading_order(squares((300, 0), (150, 24), (0, 15))) == [2, 1, 0]


def test_of_no_faces_there_is_no_order():
    assert reading_order(np.zeros((0, 4, 2))) == []


def test_faces_of_a_group_are_in_reading_order(detector, monkeypatch, template_face):
    small = template_face / 4
    found = small + np.array([(160, 5), (10, 150), (10, 0)])[:, None]
    monkeypatch.setitem(BACKENDS, "mediapipe", lambda image_HW3: found)
    faces = detector.find_faces(PAGE_PICTURE)
    centres = np.array([outline(face).mean(axis=0) for face in faces])
    assert len(faces) == 3
    assert (centres[:2, 1] < centres[2, 1] - 50).all()
    assert centres[0, 0] < centres[1, 0]
