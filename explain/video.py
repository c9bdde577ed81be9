"""Reads and writes videos, through OpenCV."""

import os
from collections.abc import Iterator
from math import ceil, floor
from pathlib import Path

import cv2

from pipeline.faces.decode import UndecodableError
from store.records import Status, U8Image

LONGEST_PAUSE_S = 600.0
"""A longer pause is a broken time, or would fill the disk with one frame."""

_COMPLETE = 0.9
"""Of the promised duration, which is an estimate in some containers."""

_ROUNDING = 1e-3
"""Of a frame: times are rounded to the units of the container."""


class VideoReader:
    """A video that is being read, once.

    Frames are chosen by the times that the container gives them, so a variable frame rate and a
    pause do not shift anything. Where a container gives none, they are counted.

    Attributes:
        fps: frames per second that are taken, at most.
        count: about how many these are.
        duration: seconds that the container promises; 0 if it does not say.

    Args:
        path: file.
        fps: frames per second to take, at most all.
        max_pixels: of a frame.

    Raises:
        UndecodableError: if it is missing, damaged, or its frames are too large.
    """

    def __init__(self, path: Path, fps: float, max_pixels: int) -> None:
        if not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for a name too long
            raise UndecodableError(Status.MISSING, "no such file")
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        width, height, frames = (
            int(self._capture.get(key))
            for key in (
                cv2.CAP_PROP_FRAME_WIDTH,
                cv2.CAP_PROP_FRAME_HEIGHT,
                cv2.CAP_PROP_FRAME_COUNT,
            )
        )
        mean_fps = self._capture.get(cv2.CAP_PROP_FPS)
        if not self._capture.isOpened() or width * height == 0 or not mean_fps > 0:
            raise UndecodableError(Status.CORRUPT, "no video that OpenCV can read")
        if width * height > max_pixels:
            raise UndecodableError(Status.BOMB, f"{width}x{height} px per frame")
        self._frame_s = 1 / mean_fps
        self.fps = fps
        self.duration = max(0, frames) * self._frame_s
        self.count = min(max(0, frames), ceil(self.duration * fps))

    def __iter__(self) -> Iterator[tuple[float, U8Image]]:
        """Yield (seconds, RGB) of the first frame in each 1/fps of a second.

        Raises:
            UndecodableError: at the end, if there was no frame, or fewer than promised.
        """
        slot, before = -1, -self._frame_s
        try:
            while self._capture.grab():
                seconds = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                if not seconds > before:  # the container gives no times, or not all
                    seconds = before + self._frame_s
                before, here = seconds, slot_of(seconds, self.fps)
                there, frame_HW3 = self._capture.retrieve() if here > slot else (False, None)
                if there:
                    slot = here
                    yield seconds, cv2.cvtColor(frame_HW3, cv2.COLOR_BGR2RGB)
        finally:
            self._capture.release()
        end = before + self._frame_s
        if slot < 0:
            raise UndecodableError(Status.CORRUPT, "a video without a frame")
        if end < _COMPLETE * self.duration:
            what = f"ends at {end:.1f} s of {self.duration:.1f} s"
            raise UndecodableError(Status.TRUNCATED, what)


def slot_of(seconds: float, fps: float) -> int:
    """Return the number of the frame that is shown at a time; rounding errors do not count."""
    return floor(seconds * fps + _ROUNDING)


class VideoWriter:
    """Writes frames (H, W, 3) of one size as an mp4; the file is there once it is closed."""

    def __init__(self, path: Path, fps: float) -> None:
        self._path, self._fps = path, fps
        self._partial = path.with_name(f".{path.stem}.partial.mp4")
        self._writer: cv2.VideoWriter | None = None
        self._last: U8Image | None = None
        self._next = 0

    def add(self, frame_HW3: U8Image, seconds: float | None = None) -> None:
        """Append a frame; an odd last row or column is left out, as the format requires.

        Args:
            frame_HW3: RGB.
            seconds: when it begins, later than the frame before it, which is repeated until then;
                at most for LONGEST_PAUSE_S; None: at once.
        """
        height, width = (side - side % 2 for side in frame_HW3.shape[:2])
        frame = cv2.cvtColor(frame_HW3[:height, :width], cv2.COLOR_RGB2BGR)
        if self._writer is None:
            code = cv2.VideoWriter.fourcc(*"vp09")  # of OpenCV's, what browsers play
            self._writer = cv2.VideoWriter(str(self._partial), code, self._fps, (width, height))
        pause = 0 if seconds is None else slot_of(seconds, self._fps) - self._next
        filler = frame if self._last is None else self._last
        for _ in range(min(pause, round(LONGEST_PAUSE_S * self._fps))):
            self._writer.write(filler)
        self._writer.write(frame)
        self._next += max(0, pause) + 1
        self._last = frame

    def close(self) -> None:
        """Finish the file; none is written without frames."""
        if self._writer is not None:
            self._writer.release()
            self._partial.replace(self._path)
