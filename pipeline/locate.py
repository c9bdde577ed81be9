"""Where the face is in a picture.

A cascade of attempts, a gate against nonsense, a choice among several faces.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.landmarks import INNER, five_points
from pipeline.backends import BACKENDS
from store.records import Points, U8Image

ENLARGE_TO_PX = 256
SHRINK_TO_PX = 1600
_SECOND_FACE = 0.6
_INSIDE = 0.5


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way of looking.

    Attributes:
        backend: row of BACKENDS.
        pad: border put around the picture, fraction of its longer side.
        turns: quarter turns, clockwise, before looking.
    """

    backend: str
    pad: float = 0.0
    turns: int = 0

    def __str__(self) -> str:
        turned = f"@{90 * self.turns}" if self.turns else ""
        return self.backend + ("+pad" if self.pad else "") + turned


@dataclass(frozen=True, slots=True)
class Found:
    """A face: points in px of the picture, how it was found, how many faces there were."""

    points_L2: Points
    attempt: str
    faces: int
    rival: bool


def cascade(backends: Sequence[str]) -> list[Attempt]:
    """Return attempts in order: each backend as is and padded, then all on the turned picture."""
    upright = [Attempt(name, pad) for name in backends for pad in (0.0, 0.25)]
    return upright + [Attempt(name, turns=turns) for turns in (1, 3, 2) for name in backends]


def locate(
    image_HW3: U8Image,
    attempts: Sequence[Attempt],
    min_width: float,
    box: Sequence[float] | None = None,
) -> Found | None:
    """Find the face that a picture is about.

    Args:
        image_HW3: RGB; every attempt looks at it with the shorter side at 256 px or more.
        attempts: tried in order until one passes the gate.
        min_width: least width of a face, fraction of the picture's shorter side.
        box: x, y, width, height of the face in px if the dataset gives it; else the largest, most
            central one wins.
    """
    for attempt in attempts:
        picture, matrix_23 = view(image_HW3, attempt)
        faces_F682 = BACKENDS[attempt.backend](picture)
        plausible = [face for face in faces_F682 if _plausible(face, picture.shape, min_width)]
        if not plausible:
            continue
        back = cv2.invertAffineTransform(matrix_23)
        scores, points = _ranked(
            [face @ back[:, :2].T + back[:, 2] for face in plausible], image_HW3.shape, box
        )
        rival = len(scores) > 1 and bool(scores[1] > _SECOND_FACE * scores[0])
        return Found(points[0], str(attempt), len(plausible), rival)
    return None


def view(image_HW3: U8Image, attempt: Attempt) -> tuple[U8Image, NDArray[np.float64]]:
    """Return the attempt's view of the picture and the affine map to its px from the original's."""
    height, width = image_HW3.shape[:2]
    scale = max(1.0, ENLARGE_TO_PX / min(height, width))
    scale = (
        min(scale, SHRINK_TO_PX / max(height, width))
        if max(height, width) > SHRINK_TO_PX
        else scale
    )
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = (
        image_HW3
        if scale == 1
        else cv2.resize(image_HW3, None, fx=scale, fy=scale, interpolation=method)
    )
    border = round(attempt.pad * max(picture.shape[:2]))
    if border:
        picture = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_REPLICATE)
    offset = 0.5 * scale - 0.5 + border
    matrix = np.array([[scale, 0, offset], [0, scale, offset], [0, 0, 1]])
    for _ in range(attempt.turns):
        matrix = np.array([[0, -1, picture.shape[0] - 1], [1, 0, 0], [0, 0, 1]]) @ matrix
        picture = np.rot90(picture, -1)
    return np.ascontiguousarray(picture), matrix[:2]


def _plausible(face_L2: Points, shape: tuple[int, ...], min_width: float) -> bool:
    """The gate: eyes above the mouth, wide enough, and mostly inside the picture."""
    if not np.isfinite(face_L2).all():
        return False
    height, width = shape[:2]
    left, right, _, *mouth = five_points(face_L2)
    eyes_above = (left[1] + right[1]) / 2 < (mouth[0][1] + mouth[1][1]) / 2
    wide = np.ptp(face_L2[:, 0]) >= min_width * min(height, width)
    inner = face_L2[list(INNER)]
    inside = np.mean(((inner >= 0) & (inner < (width, height))).all(axis=1)) >= _INSIDE
    return bool(eyes_above and wide and inside)


def _ranked(
    faces: Sequence[Points], shape: tuple[int, ...], box: Sequence[float] | None
) -> tuple[list[float], list[Points]]:
    """Sort faces, best first: by overlap with the given box, else by area times centrality.

    Ties go by place.
    """
    height, width = shape[:2]
    scored = []
    for face in faces:
        (x0, y0), (x1, y1) = face.min(axis=0), face.max(axis=0)
        area = (x1 - x0) * (y1 - y0)
        off_centre = np.hypot((x0 + x1 + 1) / width - 1, (y0 + y1 + 1) / height - 1) / np.sqrt(2)
        score = (
            area * (1 - min(off_centre, 1) / 2) if box is None else _overlap((x0, y0, x1, y1), box)
        )
        scored.append((-float(score), float(y0), float(x0), face))
    scored.sort(key=lambda row: row[:3])
    return [-row[0] for row in scored], [row[3] for row in scored]


def _overlap(corners: tuple[float, float, float, float], box: Sequence[float]) -> float:
    """Intersection over union of (x0, y0, x1, y1) and a box (x, y, width, height)."""
    x0, y0, x1, y1 = corners
    bx, by, bw, bh = box
    shared = max(0.0, min(x1, bx + bw) - max(x0, bx)) * max(0.0, min(y1, by + bh) - max(y0, by))
    union = (x1 - x0) * (y1 - y0) + bw * bh - shared
    return shared / union if union > 0 else 0.0
