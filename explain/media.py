"""What a user hands over to be explained: pictures, folders of them, videos.

Pictures go through the one decoder; videos, which nothing else reads, through OpenCV here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from explain.params import FindParams
from pipeline.align import align_all
from pipeline.faces.backends import BACKENDS
from pipeline.faces.decode import PictureLimits, UndecodableError, decode, read_bytes
from pipeline.faces.warp import resize_matrix, transform_points
from pipeline.landmark import second_look, usable
from pipeline.params import AlignParams, LandmarkParams
from store.records import Face, Points, Status, U8Image

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
VIDEOS = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg"})
"""Endings, in lower case. They say what of a folder is taken, and what is a video."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How faces are found: as for training, but all of a picture and smaller ones, too.

    Attributes:
        find: what differs from the stages.
        align: as in [align].
        landmark: as in [landmark].
    """

    find: FindParams
    align: AlignParams
    landmark: LandmarkParams

    @property
    def limits(self) -> PictureLimits:
        """What a picture may be."""
        return PictureLimits(self.align.max_pixels, self.align.min_side_px)


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture, or a frame of a video.

    Attributes:
        image_HW3: RGB, upright.
        faces: all in it, the most prominent first.
        points_BL2: 68 points of each, px of the aligned face; NaN where they are of no use.
    """

    image_HW3: U8Image
    faces: tuple[Face, ...]
    points_BL2: Points

    def stacked(self) -> U8Image:
        """Return (B, S, S, 3): the aligned faces, of which there must be one at least."""
        return np.stack([face.image_HW3 for face in self.faces])


def files(paths: Sequence[Path]) -> list[Path]:
    """Return the files that are meant: those named, and the pictures and videos below a folder."""
    found: list[Path] = []
    for path in paths:
        below = sorted(path.rglob("*")) if path.is_dir() else [path]
        taken = PICTURES | VIDEOS
        found += [one for one in below if one == path or one.suffix.lower() in taken]
    return list(dict.fromkeys(found))


def is_video(path: Path) -> bool:
    """Say whether a file is read as a video."""
    return path.suffix.lower() in VIDEOS


def picture(path: Path, finding: Finding) -> Shot:
    """Decode a picture and find its faces.

    Raises:
        UndecodableError: with the reason, as the stages give it.
    """
    image_HW3, _ = decode(read_bytes(path), finding.limits)
    return shot(image_HW3, finding)


def shot(image_HW3: U8Image, finding: Finding) -> Shot:
    """Find the faces of a decoded picture."""
    wider = {name: getattr(finding.find, name) for name in ("backends", "min_face_width")}
    faces = align_all(image_HW3, finding.align.model_copy(update=wider))
    points = [_points(face, finding.landmark) for face in faces]
    return Shot(image_HW3, tuple(faces), np.array(points).reshape(-1, 68, 2))


def _points(face: Face, params: LandmarkParams) -> Points:
    """Look twice, as stage landmark does; points that a dataset would give are not there."""
    points = face.points_L2
    if params.backend in BACKENDS:
        points, _ = second_look(face.image_HW3, points, params.backend, params.max_move)
    return points if usable(points) else np.full((68, 2), np.nan)


def sized(shot: Shot, longer_px: int) -> Shot:
    """Return the shot with its picture at another size; the aligned faces stay as they are."""
    height, width = shot.image_HW3.shape[:2]
    scale = longer_px / max(height, width)
    rows, columns = (max(1, round(side * scale)) for side in (height, width))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    image_HW3 = cv2.resize(shot.image_HW3, (columns, rows), interpolation=method)
    back = np.vstack([resize_matrix(rows, columns, height, width), [0, 0, 1]])
    faces = [replace(face, matrix_23=face.matrix_23 @ back) for face in shot.faces]
    return Shot(np.asarray(image_HW3), tuple(faces), shot.points_BL2)


def outline(face: Face) -> Points:
    """Return the corners (4, 2) of an aligned face in px of its picture, in turn."""
    last = len(face.image_HW3) - 0.5
    square = np.array([[-0.5, -0.5], [last, -0.5], [last, last], [-0.5, last]])
    return transform_points(square, cv2.invertAffineTransform(np.asarray(face.matrix_23, float)))


@dataclass(frozen=True, slots=True)
class Film:
    """A video that is being read.

    Attributes:
        fps: frames a second that are taken.
        count: about how many these are.
        frames: (seconds from the start, RGB), once.
    """

    fps: float
    count: int
    frames: Iterator[tuple[float, U8Image]]


def film(path: Path, finding: Finding) -> Film:
    """Open a video, of which so many frames a second are taken as params say, at most all.

    Raises:
        UndecodableError: if it is missing, damaged, or its frames are too large.
    """
    if not path.is_file():
        raise UndecodableError(Status.MISSING, "no such file")
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    width, height = (
        int(capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    )
    fps = capture.get(cv2.CAP_PROP_FPS)
    if not capture.isOpened() or width * height == 0 or not fps > 0:
        raise UndecodableError(Status.CORRUPT, "no video that OpenCV can read")
    if width * height > finding.limits.max_pixels:
        raise UndecodableError(Status.BOMB, f"{width}x{height} px a frame")
    step = max(1, round(fps / finding.find.video_fps))
    count = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT))) // step
    return Film(fps / step, count, _frames(capture, fps, step))


def _frames(capture: cv2.VideoCapture, fps: float, step: int) -> Iterator[tuple[float, U8Image]]:
    number = 0
    try:
        while capture.grab():
            there, frame_HW3 = capture.retrieve() if number % step == 0 else (False, None)
            if there:
                yield number / fps, cv2.cvtColor(frame_HW3, cv2.COLOR_BGR2RGB)
            number += 1
    finally:
        capture.release()


class Reel:
    """Writes frames (H, W, 3) of one size as an mp4; the file is there once it is closed."""

    def __init__(self, path: Path, fps: float) -> None:
        self._path, self._fps = path, fps
        self._partial = path.with_name(f".{path.stem}.partial.mp4")
        self._writer: cv2.VideoWriter | None = None

    def add(self, frame_HW3: U8Image) -> None:
        """Append a frame; an odd last row or column is left out, which the format wants."""
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
