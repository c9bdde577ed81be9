"""Videos: read at the wanted pace, written whole or not at all."""

import cv2
import numpy as np
import pytest

from explain.video import VideoReader, VideoWriter
from pipeline.faces.decode import UndecodableError

MAX_PIXELS = 50_000_000


@pytest.fixture
def video(tmp_path):
    """Ten frames at ten per second, each as bright as its number says."""
    writer = VideoWriter(tmp_path / "film.mp4", 10.0)
    for number in range(10):
        writer.add(np.full((64, 97, 3), 20 * number, np.uint8))
    writer.close()
    return tmp_path / "film.mp4"


def test_frames_of_a_video_are_taken_at_the_wanted_pace(video):
    opened = VideoReader(video, 5.0, MAX_PIXELS)
    assert (opened.fps, opened.count) == (5.0, 5)
    seconds, frames = zip(*opened, strict=True)
    assert seconds == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    bright = [int(frame.mean()) for frame in frames]
    np.testing.assert_allclose(bright, [0, 40, 80, 120, 160], atol=4)
    assert frames[0].shape == (64, 96, 3)


def test_colours_of_a_video_come_back_as_they_went(tmp_path):
    writer = VideoWriter(tmp_path / "red.mp4", 5.0)
    writer.add(np.tile(np.array([220, 30, 30], np.uint8), (64, 64, 1)))
    writer.close()
    ((_, frame),) = VideoReader(tmp_path / "red.mp4", 5.0, MAX_PIXELS)
    np.testing.assert_allclose(frame.mean(axis=(0, 1)), [220, 30, 30], atol=12)


@pytest.mark.parametrize(
    ("payload", "reason"), [(None, "no such file"), (b"", "no video"), (b"no film", "no video")]
)
def test_a_video_that_is_none_says_why(tmp_path, payload, reason):
    if payload is not None:
        (tmp_path / "film.mp4").write_bytes(payload)
    with pytest.raises(UndecodableError, match=reason):
        VideoReader(tmp_path / "film.mp4", 5.0, MAX_PIXELS)


def test_a_video_of_too_many_pixels_is_refused(video):
    with pytest.raises(UndecodableError, match="96x64 px per frame"):
        VideoReader(video, 5.0, 64 * 90)


def test_a_video_without_frames_leaves_nothing(tmp_path):
    VideoWriter(tmp_path / "none.mp4", 5.0).close()
    assert list(tmp_path.iterdir()) == []


def test_a_frame_that_is_not_there_yet_is_no_file(tmp_path):
    writer = VideoWriter(tmp_path / "film.mp4", 5.0)
    writer.add(np.zeros((64, 64, 3), np.uint8))
    assert not (tmp_path / "film.mp4").exists()
    writer.close()
    assert [one.name for one in tmp_path.iterdir()] == ["film.mp4"]
    assert cv2.VideoCapture(str(tmp_path / "film.mp4")).isOpened()
