"""What a user hands over to be explained, and the faces in it.

Shapes: B faces, S side of an aligned face.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from explain.params import FindParams
from pipeline.align import align_all
from pipeline.faces.backends import BACKENDS
from pipeline.faces.decode import PictureLimits, decode, read_bytes
from pipeline.faces.warp import resize_matrix, transform_points
from pipeline.landmark import second_look, usable
from pipeline.params import AlignParams, LandmarkParams
from store.records import Face, Points, U8Image


@dataclass(frozen=True, slots=True)
class DetectedImage:
    """A picture, or a frame of a video, with its faces.

    Attributes:
        image_HW3: RGB, upright.
        faces: all in it, in reading order: rows from the top, each from left to right.
        points_BL2: 68 points of each, px of the aligned face; NaN where they are unusable.
    """

    image_HW3: U8Image
    faces: tuple[Face, ...]
    points_BL2: Points

    def stacked(self) -> U8Image:
        """Return (B, S, S, 3): the aligned faces, of which there must be one at least."""
        return np.stack([face.image_HW3 for face in self.faces])


@dataclass(frozen=True, slots=True)
class FaceDetector:
    """Finds faces as the stages do, but every face of a picture, and smaller ones, too.

    Attributes:
        find: what differs from the stages.
        align: as in [align].
        landmark: as in [landmark].
        like_52: where five points of the run's training faces lie in their crops, if most were used
            as given; None if `align` says how faces are framed.
    """

    find: FindParams
    align: AlignParams
    landmark: LandmarkParams
    like_52: Points | None = None

    @property
    def limits(self) -> PictureLimits:
        """What a picture may be."""
        return PictureLimits(self.align.max_pixels, self.align.min_side_px)

    def read(self, path: Path) -> DetectedImage:
        """Decode a picture and find its faces.

        Raises:
            UndecodableError: with the reason, as the stages give it.
        """
        return self.detect(self.decode(path))

    def decode(self, path: Path) -> U8Image:
        """Decode a picture.

        Raises:
            UndecodableError: with the reason, as the stages give it.
        """
        return decode(read_bytes(path), self.limits)[0]

    def detect(self, image_HW3: U8Image) -> DetectedImage:
        """Find the faces of a decoded picture, and their landmarks."""
        faces = self.find_faces(image_HW3)
        points = [self._landmarks(face) for face in faces]
        return DetectedImage(image_HW3, faces, np.array(points).reshape(-1, 68, 2))

    def find_faces(self, image_HW3: U8Image) -> tuple[Face, ...]:
        """Find and crop the faces of a decoded picture, in reading order."""
        wider = {name: getattr(self.find, name) for name in ("backends", "min_face_width")}
        params = self.align.model_copy(update=wider)
        found = align_all(image_HW3, params, like_52=self.like_52)
        order = reading_order(np.array([outline(face) for face in found]).reshape(-1, 4, 2))
        return tuple(found[index] for index in order)

    def _landmarks(self, face: Face) -> Points:
        """Detect once more on the aligned face, as stage landmark does for most backends.

        Points that a dataset would bring (backend `given`) are not there; those of the first
        detection are taken instead.
        """
        points, params = face.points_L2, self.landmark
        if params.backend in BACKENDS:
            points, _ = second_look(face.image_HW3, points, params.backend, params.max_move)
        return points if usable(points) else np.full((68, 2), np.nan)


def resized(detected: DetectedImage, longer_px: int) -> DetectedImage:
    """Return the same with its picture at another size; the aligned faces stay as they are."""
    height, width = detected.image_HW3.shape[:2]
    scale = longer_px / max(height, width)
    rows, columns = (max(1, round(side * scale)) for side in (height, width))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    image_HW3 = cv2.resize(detected.image_HW3, (columns, rows), interpolation=method)
    back = np.vstack([resize_matrix(rows, columns, height, width), [0, 0, 1]])
    faces = [replace(face, matrix_23=face.matrix_23 @ back) for face in detected.faces]
    return DetectedImage(np.asarray(image_HW3), tuple(faces), detected.points_BL2)


def reading_order(outlines_B42: Points) -> list[int]:
    """Return the indices of faces by rows from the top, each from left to right.

    Faces are of one row if the centre of the lower one is above the lower quarter of the first.
    """
    centres_B2 = outlines_B42.mean(axis=1)
    heights_B = np.ptp(outlines_B42[..., 1], axis=1)
    rows: list[list[int]] = []
    for index in np.argsort(centres_B2[:, 1], kind="stable").tolist():
        first = rows[-1][0] if rows else index
        apart = centres_B2[index, 1] - centres_B2[first, 1]
        if not rows or apart > heights_B[first] / 4:
            rows.append([])
        rows[-1].append(index)
    return [index for row in rows for index in sorted(row, key=lambda one: centres_B2[one, 0])]


def outline(face: Face) -> Points:
    """Return the corners (4, 2) of an aligned face in px of its picture, in turn."""
    last = len(face.image_HW3) - 0.5
    square = np.array([[-0.5, -0.5], [last, -0.5], [last, last], [-0.5, last]])
    return transform_points(square, cv2.invertAffineTransform(np.asarray(face.matrix_23, float)))
