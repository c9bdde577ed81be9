"""Finds the face in a picture.

A cascade of attempts, a gate against nonsense, a choice among several faces.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.landmarks import INNER_POINTS, five_landmarks
from pipeline.faces.backends import BACKENDS
from pipeline.faces.boxes import MARGINS, Area, Box, around, box_of, in_picture, match, overlap
from store.records import Points, U8Image

ENLARGE_TO_PX = 256
SHRINK_TO_PX = 1600
_SECOND_FACE = 0.6
_SAME_FACE = 0.3
"""Two finds whose boxes share this part of what they cover are one face."""
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
class LocatedFace:
    """The face: points in px of the picture, how it was found, how many faces there were.

    Attributes:
        rival: whether another face comes close to it.
        rejected: whether none of these faces is to be taken.
    """

    points_L2: Points
    attempt: str
    faces: int
    rival: bool
    rejected: bool


def cascade(backends: Sequence[str]) -> list[Attempt]:
    """Return attempts in order: each backend as is and padded, then all on the turned picture."""
    upright = [Attempt(name, pad) for name in backends for pad in (0.0, 0.25)]
    return upright + [Attempt(name, turns=turns) for turns in (1, 3, 2) for name in backends]


@dataclass(frozen=True, slots=True)
class Search:
    """How faces are looked for.

    Attributes:
        attempts: tried in order until one passes the gate.
        min_width: least width of a face, fraction of the shorter side of the picture, or of the
            face's box if the dataset gives one.
        choice: row of FACE_CHOICES.
    """

    attempts: Sequence[Attempt]
    min_width: float
    choice: str


def locate(
    image_HW3: U8Image, search: Search, box: Sequence[float] | None = None
) -> LocatedFace | None:
    """Find the face that a picture is about.

    Args:
        image_HW3: RGB; every attempt looks at it with the shorter side at 256 px or more.
        search: how.
        box: x, y, width, height of the face in px if the dataset gives it: then this face is
            looked for, and no other one is taken.
    """
    if box is not None:
        return _locate_boxed(image_HW3, search, box)
    least_px = search.min_width * min(image_HW3.shape[:2])
    for attempt in search.attempts:
        if faces := _plausible_faces(image_HW3, attempt, least_px):
            scores = FACE_CHOICES[search.choice](faces, image_HW3.shape)
            return _chosen(faces, scores, str(attempt))
    return None


def _locate_boxed(image_HW3: U8Image, search: Search, box: Sequence[float]) -> LocatedFace | None:
    """Find the face in a box: each attempt looks closely first, then at the whole picture.

    Who finds only others has found nobody, and the next attempt is made.
    """
    seen = in_picture(box, *image_HW3.shape[:2])
    if seen is None:
        return None
    least_px = search.min_width * min(seen[2:])
    for attempt in search.attempts:
        for area, how in _areas(image_HW3, seen, attempt).items():
            x, y, width, height = area
            near = image_HW3[y : y + height, x : x + width]
            faces = [np.add(face, (x, y)) for face in _plausible_faces(near, attempt, least_px)]
            scores = [match(face, seen) for face in faces]
            if any(scores):
                return _chosen(faces, scores, how)
    return None


def _areas(image_HW3: U8Image, box: Box, attempt: Attempt) -> dict[Area, str]:
    """Return where an attempt looks for a boxed face, in order -> what that is called."""
    height, width = image_HW3.shape[:2]
    plain = not attempt.pad and not attempt.turns
    margins = MARGINS if plain else MARGINS[:1]
    near = (around(box, margin, height, width) for margin in margins)
    areas = dict.fromkeys(near, f"{attempt} in box")
    whole = (0, 0, width, height)
    if plain or whole in areas:
        areas[whole] = str(attempt)
    return areas


def _chosen(faces: Sequence[Points], scores: Sequence[float], attempt: str) -> LocatedFace:
    """Take the face with the highest score."""
    best, *others = _ranked(faces, scores)
    rival = any(scores[other] > _SECOND_FACE * scores[best] for other in others)
    return LocatedFace(faces[best], attempt, len(faces), rival, rejected=scores[best] < 0)


def locate_all(image_HW3: U8Image, search: Search) -> list[tuple[Points, str]]:
    """Find every face of a picture: (points in px of the picture, how each was found).

    Once an attempt found any, the other backends look once more at the picture as it is, for faces
    that are not among these yet: each backend misses some.

    Args:
        image_HW3: RGB.
        search: how; the best by its choice comes first, so it is the one that `locate` takes.
    """
    faces: list[tuple[Points, str]] = []
    least_px = search.min_width * min(image_HW3.shape[:2])
    for attempt in search.attempts:
        if faces and (attempt.pad or attempt.turns):
            continue
        for points in _plausible_faces(image_HW3, attempt, least_px):
            box = box_of(points)
            if all(overlap(box, box_of(known)) < _SAME_FACE for known, _ in faces):
                faces.append((points, str(attempt)))
    scores = _largest_central([points for points, _ in faces], image_HW3.shape)
    return [faces[place] for place in _ranked([points for points, _ in faces], scores)]


def _plausible_faces(image_HW3: U8Image, attempt: Attempt, least_px: float) -> list[Points]:
    """Return the plausible faces of one attempt, in px of the picture, each so wide at least."""
    picture, matrix_23 = view(image_HW3, attempt)
    least_px *= float(np.hypot(*matrix_23[:, 0]))
    back = cv2.invertAffineTransform(matrix_23)
    return [
        face @ back[:, :2].T + back[:, 2]
        for face in BACKENDS[attempt.backend](picture)
        if _plausible(face, picture.shape, least_px)
    ]


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


def _plausible(face_L2: Points, shape: tuple[int, ...], least_px: float) -> bool:
    """The gate: eyes above the mouth, wide enough, and mostly inside the picture."""
    if not np.isfinite(face_L2).all():
        return False
    height, width = shape[:2]
    left, right, _, *mouth = five_landmarks(face_L2)
    eyes_above = (left[1] + right[1]) / 2 < (mouth[0][1] + mouth[1][1]) / 2
    wide = np.ptp(face_L2[:, 0]) >= least_px
    inner = face_L2[list(INNER_POINTS)]
    inside = np.mean(((inner >= 0) & (inner < (width, height))).all(axis=1)) >= _INSIDE
    return bool(eyes_above and wide and inside)


def _ranked(faces: Sequence[Points], scores: Sequence[float]) -> list[int]:
    """Return the places of faces, best first; ties go to the upper, then to the left one."""

    def rank(number: int) -> tuple[float, float, float]:
        x0, y0 = faces[number].min(axis=0)
        return -scores[number], float(y0), float(x0)

    return sorted(range(len(faces)), key=rank)


def _largest_central(faces: Sequence[Points], shape: tuple[int, ...]) -> list[float]:
    centred = _centre(faces, shape)
    return [
        float(np.prod(np.ptp(face, axis=0))) * near
        for face, near in zip(faces, centred, strict=True)
    ]


def _centre(faces: Sequence[Points], shape: tuple[int, ...]) -> list[float]:
    """Score 1 in the middle of the picture, 1/2 in its corners."""
    size = np.array([shape[1], shape[0]])
    offsets = [(face.min(axis=0) + face.max(axis=0) + 1) / size - 1 for face in faces]
    return [1 - min(float(np.hypot(*offset)) / np.sqrt(2), 1) / 2 for offset in offsets]


def _reject(faces: Sequence[Points], shape: tuple[int, ...]) -> list[float]:
    return [1.0] if len(faces) == 1 else [-1.0] * len(faces)


FaceScores = Callable[[Sequence[Points], tuple[int, ...]], list[float]]
"""(faces in px, shape of the picture) -> scores; the highest wins, a negative one is refused."""

FACE_CHOICES: dict[str, FaceScores] = {
    "largest_central": _largest_central,
    "centre": _centre,
    "reject": _reject,
}
