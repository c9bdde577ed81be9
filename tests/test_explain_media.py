"""Pictures, folders and videos that are handed over to be explained."""

import cv2
import numpy as np
import pytest

from explain.media import (
    Finding,
    Reel,
    files,
    film,
    is_video,
    outline,
    picture,
    shot,
    sized,
)
from params import load
from pipeline.faces.backends import BACKENDS
from pipeline.faces.decode import UndecodableError

PICTURE = np.random.default_rng(0).integers(1, 256, (256, 320, 3), np.uint8)


@pytest.fixture
def finding(checkout, monkeypatch, template_face):
    """Faces are found by one backend, which sees the template face everywhere."""
    monkeypatch.setitem(BACKENDS, "mediapipe", lambda image_HW3: template_face[None])
    file = checkout / "params.yaml"
    find = load(file).explain.find
    return Finding(
        find.model_copy(update={"backends": ("mediapipe",)}),
        load(file).align,
        load(file).landmark,
    )


@pytest.fixture
def video(tmp_path):
    """Ten frames at ten a second, each as bright as its number says."""
    reel = Reel(tmp_path / "film.mp4", 10.0)
    for number in range(10):
        reel.add(np.full((64, 97, 3), 20 * number, np.uint8))
    reel.close()
    return tmp_path / "film.mp4"


def test_a_folder_stands_for_its_pictures_and_videos_at_any_depth(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.JPG", "a.png", "labels.csv", "deep/c.mp4"):
        (tmp_path / name).touch()
    found = [one.relative_to(tmp_path).as_posix() for one in files([tmp_path])]
    assert found == ["a.png", "b.JPG", "deep/c.mp4"]


def test_a_named_file_is_taken_whatever_its_name_and_once(tmp_path):
    odd, gone = tmp_path / "odd.dat", tmp_path / "gone.jpg"
    odd.touch()
    assert files([odd, gone, odd]) == [odd, gone]
    assert not is_video(odd)


def test_a_lone_face_has_the_points_of_the_second_look(finding, template_face):
    seen = shot(PICTURE, finding)
    assert seen.stacked().shape == (1, 256, 256, 3)
    np.testing.assert_allclose(seen.points_BL2[0], template_face)


def test_a_picture_without_a_face_has_no_points(finding, monkeypatch):
    monkeypatch.setitem(BACKENDS, "mediapipe", lambda image_HW3: np.zeros((0, 68, 2)))
    seen = shot(PICTURE, finding)
    assert seen.faces == ()
    assert seen.points_BL2.shape == (0, 68, 2)


def test_a_file_that_is_no_picture_says_why(finding, tmp_path):
    (tmp_path / "page.jpg").write_text("<html>")
    with pytest.raises(UndecodableError, match="HTML"):
        picture(tmp_path / "page.jpg", finding)


@pytest.mark.parametrize("longer_px", [160, 640])
def test_outlines_follow_a_picture_to_another_size(finding, longer_px):
    seen = shot(PICTURE, finding)
    shown = sized(seen, longer_px)
    assert shown.image_HW3.shape[1] == longer_px
    expected = (outline(seen.faces[0]) + 0.5) * longer_px / 320 - 0.5
    np.testing.assert_allclose(outline(shown.faces[0]), expected, atol=1e-4)


def test_frames_of_a_video_are_taken_at_the_wanted_pace(finding, video):
    opened = film(video, finding)
    assert (opened.fps, opened.count) == (5.0, 5)
    seconds, frames = zip(*opened.frames, strict=True)
    assert seconds == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    bright = [int(frame.mean()) for frame in frames]
    np.testing.assert_allclose(bright, [0, 40, 80, 120, 160], atol=4)
    assert frames[0].shape == (64, 96, 3)


def test_colours_of_a_video_come_back_as_they_went(finding, tmp_path):
    reel = Reel(tmp_path / "red.mp4", 5.0)
    reel.add(np.tile(np.array([220, 30, 30], np.uint8), (64, 64, 1)))
    reel.close()
    ((_, frame),) = film(tmp_path / "red.mp4", finding).frames
    np.testing.assert_allclose(frame.mean(axis=(0, 1)), [220, 30, 30], atol=12)


@pytest.mark.parametrize(
    ("payload", "reason"), [(None, "no such file"), (b"", "no video"), (b"no film", "no video")]
)
def test_a_video_that_is_none_says_why(finding, tmp_path, payload, reason):
    if payload is not None:
        (tmp_path / "film.mp4").write_bytes(payload)
    with pytest.raises(UndecodableError, match=reason):
        film(tmp_path / "film.mp4", finding)


def test_a_video_of_too_many_pixels_is_refused(finding, video):
    small = finding.align.model_copy(update={"max_pixels": 64 * 90})
    with pytest.raises(UndecodableError, match="96x64 px a frame"):
        film(video, Finding(finding.find, small, finding.landmark))


def test_a_reel_without_frames_leaves_nothing(tmp_path):
    Reel(tmp_path / "none.mp4", 5.0).close()
    assert list(tmp_path.iterdir()) == []


def test_a_frame_that_is_not_there_yet_is_no_file(tmp_path):
    reel = Reel(tmp_path / "film.mp4", 5.0)
    reel.add(np.zeros((64, 64, 3), np.uint8))
    assert not (tmp_path / "film.mp4").exists()
    reel.close()
    assert [one.name for one in tmp_path.iterdir()] == ["film.mp4"]
    assert cv2.VideoCapture(str(tmp_path / "film.mp4")).isOpened()
