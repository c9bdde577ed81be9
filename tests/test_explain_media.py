"""Pictures that are handed over to be explained, and the faces in them."""

import numpy as np
import pytest

from explain.media import FaceDetector, is_video, list_files, outline, resized
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


def test_a_folder_stands_for_its_pictures_and_videos_at_any_depth(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.JPG", "a.png", "labels.csv", "deep/c.mp4"):
        (tmp_path / name).touch()
    found = [one.relative_to(tmp_path).as_posix() for one in list_files([tmp_path])]
    assert found == ["a.png", "b.JPG", "deep/c.mp4"]


def test_a_named_file_is_taken_whatever_its_name_and_once(tmp_path):
    odd, gone = tmp_path / "odd.dat", tmp_path / "gone.jpg"
    odd.touch()
    assert list_files([odd, gone, odd]) == [odd, gone]
    assert not is_video(odd)


def test_a_lone_face_has_the_points_of_the_second_look(detector, template_face):
    detected = detector.detect(PAGE_PICTURE)
    assert detected.stacked().shape == (1, 256, 256, 3)
    np.testing.assert_allclose(detected.points_BL2[0], template_face)


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
