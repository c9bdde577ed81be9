"""Reads and writes videos, through OpenCV."""

from collections.abc import Iterator
from pathlib import Path

import cv2

from pipeline.faces.decode import UndecodableError
from store.records import Status, U8Image


class VideoReader:
    """A video that is being read, once.

    Attributes:
        fps: frames per second that are taken.
        count: about how many these are.

    Args:
        path: file.
        fps: frames per second to take, at most all.
        max_pixels: of a frame.

    Raises:
        UndecodableError: if it is missing, damaged, or its frames are too large.
    """

    def __init__(self, path: Path, fps: float, max_pixels: int) -> None:
        if not path.is_file():
            raise UndecodableError(Status.MISSING, "no such file")
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        width, height = (
            int(self._capture.get(key))
            for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        self._fps = self._capture.get(cv2.CAP_PROP_FPS)
        if not self._capture.isOpened() or width * height == 0 or not self._fps > 0:
            raise UndecodableError(Status.CORRUPT, "no video that OpenCV can read")
        if width * height > max_pixels:
            raise UndecodableError(Status.BOMB, f"{width}x{height} px per frame")
        self._step = max(1, round(self._fps / fps))
        self.fps = self._fps / self._step
        self.count = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))) // self._step

    def __iter__(self) -> Iterator[tuple[float, U8Image]]:
        """Yield (seconds from the start, RGB), then release the file."""
        number = 0
        try:
            while self._capture.grab():
                wanted = number % self._step == 0
                there, frame_HW3 = self._capture.retrieve() if wanted else (False, None)
                if there:
                    yield number / self._fps, cv2.cvtColor(frame_HW3, cv2.COLOR_BGR2RGB)
                number += 1
        finally:
            self._capture.release()


class VideoWriter:
    """Writes frames (H, W, 3) of one size as an mp4; the file is there once it is closed."""

    def __init__(self, path: Path, fps: float) -> None:
        self._path, self._fps = path, fps
        self._partial = path.with_name(f".{path.stem}.partial.mp4")
        self._writer: cv2.VideoWriter | None = None

    def add(self, frame_HW3: U8Image) -> None:
        """Append a frame; an odd last row or column is left out, as the format requires."""
        height, width = (side - side % 2 for side in frame_HW3.shape[:2])
        if self._writer is None:
            code = cv2.VideoWriter.fourcc(*"vp09")  # of OpenCV's, what browsers play
            self._writer = cv2.VideoWriter(str(self._partial), code, self._fps, (width, height))
        self._writer.write(cv2.cvtColor(frame_HW3[:height, :width], cv2.COLOR_RGB2BGR))

    def close(self) -> None:
        """Finish the file; none is written without frames."""
        if self._writer is not None:
            self._writer.release()
            self._partial.replace(self._path)
