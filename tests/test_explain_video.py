"""Videos: read at the wanted pace, written whole or not at all."""

import cv2
import numpy as np
import pytest

import explain.video as video_module
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


def with_varying_rate(path, durations):
    """Rewrite the table of times (stts) of an mp4 of ours, which must keep its total."""
    movie = path.read_bytes()
    at = movie.index(b"stts") - 4
    old, frames, ticks = (int.from_bytes(movie[at + k : at + k + 4], "big") for k in (0, 16, 20))
    entries = [(1, round(one * frames * ticks)) for one in durations]
    assert len(durations) == frames
    assert sum(ticks for _, ticks in entries) == frames * ticks
    numbers = [len(entries), *(number for entry in entries for number in entry)]
    table = b"stts" + bytes(4) + b"".join(number.to_bytes(4, "big") for number in numbers)
    new = (len(table) + 4).to_bytes(4, "big") + table
    head = movie[:at]
    for box in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):  # behind the frames, so none moves
        place = head.index(box) - 4
        size = int.from_bytes(head[place : place + 4], "big") + len(new) - old
        head = head[:place] + size.to_bytes(4, "big") + head[place + 4 :]
    path.write_bytes(head + new + movie[at + old :])


def test_times_are_those_of_the_container_at_a_variable_frame_rate(video):
    with_varying_rate(video, [0.05] * 5 + [0.15] * 5)
    seconds, frames = zip(*VideoReader(video, 5.0, MAX_PIXELS), strict=True)
    assert seconds == pytest.approx([0, 0.2, 0.4, 0.7, 0.85])
    bright = [int(frame.mean()) for frame in frames]
    np.testing.assert_allclose(bright, [0, 80, 120, 160, 180], atol=6)


def test_without_times_frames_are_counted(video, monkeypatch):
    reader = VideoReader(video, 5.0, MAX_PIXELS)
    monkeypatch.setattr(reader, "_capture", Timeless(reader._capture))
    assert [seconds for seconds, _ in reader] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])


class Timeless:
    """A capture whose container gives no times."""

    def __init__(self, capture):
        self.grab, self.retrieve, self.release = capture.grab, capture.retrieve, capture.release

    def get(self, key):
        return 0.0


def test_a_frame_is_repeated_until_the_next_begins(tmp_path):
    writer = VideoWriter(tmp_path / "film.mp4", 5.0)
    for value, seconds in ((0, 0.0), (200, 0.61), (100, 0.8)):
        writer.add(np.full((64, 64, 3), value, np.uint8), seconds)
    writer.close()
    bright = [int(frame.mean()) for _, frame in VideoReader(tmp_path / "film.mp4", 5.0, MAX_PIXELS)]
    np.testing.assert_allclose(bright, [0, 0, 0, 200, 100], atol=6)


def test_a_time_that_is_absurd_does_not_fill_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(video_module, "LONGEST_PAUSE_S", 0.4)
    writer = VideoWriter(tmp_path / "film.mp4", 5.0)
    for seconds in (0.0, 1e9, 1e9 + 0.2):
        writer.add(np.zeros((64, 64, 3), np.uint8), seconds)
    writer.close()
    assert len(list(VideoReader(tmp_path / "film.mp4", 5.0, MAX_PIXELS))) == 1 + 2 + 2


def test_a_video_that_was_cut_off_says_so_after_its_frames(cut_video):
    seconds = []
    with pytest.raises(UndecodableError, match=r"ends at 1\.\d s of 4\.0 s"):
        seconds.extend(at for at, _ in VideoReader(cut_video, 5.0, MAX_PIXELS))
    assert seconds[:5] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])


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
