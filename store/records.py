"""The values that stages pass on: samples, faces and their status."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

U8Image = NDArray[np.uint8]
Points = NDArray[np.floating]

SPLITS = ("train", "val", "test")


class Status(StrEnum):
    """What became of a picture; everything but OK leaves its row in place with `valid` = 0."""

    OK = "ok"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    LANDMARKS_INVALID = "landmarks_invalid"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    CHANGED = "changed"
    NOT_IMAGE = "not_image"
    MODE = "mode"
    BOMB = "bomb"
    SMALL = "small"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    NOT_FILE = "not_file"
    OUTSIDE = "outside"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    OOM = "oom"


class LabelShares(NamedTuple):
    """How the labels that several people gave one face divide among the classes.

    Attributes:
        of_K: share of each class of the label set; they sum to one.
        votes: labels that the shares were made of; no whole number where weights were given.
        outside: votes beside these, for what is no class of the label set.
    """

    of_K: tuple[float, ...]
    votes: float
    outside: float = 0.0

    @property
    def agreement(self) -> float:
        """The largest share."""
        return max(self.of_K)

    @property
    def most(self) -> tuple[int, ...]:
        """Ids of the classes with the largest share: several in a tie."""
        return tuple(number for number, one in enumerate(self.of_K) if one == self.agreement)


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture as a dataset describes it.

    Attributes:
        id: unique within the dataset.
        path: relative to the dataset's root, with forward slashes.
        expression: id of its class in the label set.
        split: train, val or test; None where the dataset leaves it to us.
        person: equal for pictures of one person; None if unknown.
        box: x, y, width, height of the face in px of the picture, if given.
        landmarks: 136 numbers x0 y0 x1 y1 ... in px of the picture, if given.
        aus: FACS number -> intensity in [0, 1], 0 for absent, of the units that were coded on this
            face; None if none was.
        shares: of several people's labels of this face; None if unknown.
        attributes: further columns, as written.
        fold: of a cross-validation, from 0; None if there is none.
    """

    id: str
    path: str
    expression: int
    split: str | None = None
    person: str | None = None
    box: tuple[float, ...] | None = None
    landmarks: tuple[float, ...] | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    fold: int | None = None
    aus: Mapping[int, float] | None = None
    shares: LabelShares | None = None


@dataclass(frozen=True, slots=True)
class Face:
    """One aligned face, or why there is none.

    Attributes:
        status: OK, or the reason.
        detail: a few words on the status, or on what the decoder put right.
        image_HW3: upright RGB crop; zeros if there is none.
        points_L2: the 68 detected points in px of the crop; NaN if it is a whole picture in which
            no face was found.
        matrix_23: affine map from px of the picture to px of the crop.
        inside_fraction: share of the crop that lies inside the picture, 0 to 1.
        backend: which detector found it, and how.
        faces: how many were found.
    """

    status: Status
    detail: str
    image_HW3: U8Image
    points_L2: Points
    matrix_23: NDArray[np.floating]
    inside_fraction: float = 0.0
    backend: str = ""
    faces: int = 0
