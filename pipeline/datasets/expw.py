"""ExpW, Expression in the Wild: several labelled faces per picture."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.labels import LabelSet
from errors import DataError, NoInputError
from pipeline.datasets.reader import (
    Listed,
    Reader,
    first_there,
    listed_as,
    named_by_box,
    needs_paths,
)
from pipeline.datasets.table import lines, numbers, whole_number
from pipeline.paths import safe_path

CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""Ids 0 to 6, in order."""

_LABELS = ("data/label/label.lst", "label/label.lst", "label.lst")
_IMAGES = ("data/image/origin", "image/origin", "origin", "data/image", "image")
_FIELDS = 8


def read_expw(root: Path, options: Mapping[str, Any], labels: LabelSet) -> Iterator[Listed]:
    """Read `label/label.lst`: picture, face, top, left, right, bottom, confidence, class.

    Args:
        root: the dataset's folder.
        options: none.
        labels: the classes.

    Yields:
        One sample per face, without a split, with its box; confidence (of the detector that made
        the box) is an attribute. Where a picture has several faces, the box is part of their ids.

    Raises:
        NoInputError: if labels or pictures are not there.
        DataError: naming the line that cannot be accepted.
    """
    table, images = first_there(root, *_LABELS), first_there(root, *_IMAGES)
    if table is None or images is None:
        raise NoInputError(
            root / (_IMAGES[0] if table else _LABELS[0]), "is not there. Unpack ExpW whole."
        )
    yield from named_by_box(_face(root, images, labels, *one) for one in _faces(table))


def _faces(table: Path) -> Iterator[tuple[list[str], str]]:
    for number, line in lines(table):
        where = f"{table}, line {number}"
        parts = line.rsplit(maxsplit=_FIELDS - 1)
        if line.strip() and len(parts) != _FIELDS:
            raise DataError(
                where, "needs a name, a face, top, left, right, bottom, confidence and a class."
            )
        if parts:
            yield parts, where


def _face(root: Path, images: Path, labels: LabelSet, parts: list[str], where: str) -> Listed:
    name, _, *corners, confidence, label = parts
    top, left, right, bottom = numbers(" ".join(corners), 4, "box", where) or ()
    number = whole_number(label, where)
    if number >= len(CLASSES):
        raise DataError(where, f"class {number} is none of 0 to {len(CLASSES) - 1}.")
    path = safe_path(images, name, where).relative_to(root).as_posix()
    return listed_as(
        labels.id_or_reason(CLASSES[number], where),
        path,
        box=(left, top, right - left, bottom - top),
        attributes={"confidence": confidence},
    )


EXPW = Reader(read_expw, needs_paths("|".join(_LABELS)), listed={"all": 91_793})
