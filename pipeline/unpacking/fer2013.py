"""FER2013: 48 x 48 grey pictures as numbers in a table.

With FER+'s votes beside it every picture gets FER+'s name, and reader ferplus has the labels; alone
it keeps its own seven labels, which go to labels.csv.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import cv2
import numpy as np

from errors import DataError, printable
from pipeline.datasets.ferplus import FOLDERS, PIXELS, VOTES, read_votes
from pipeline.datasets.table import header_of, rows, whole_number
from pipeline.unpacking.packing import PackedPicture, Packing

CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""Ids 0 to 6 of FER2013's own labels, in order."""

_SIDE_PX = 48
_NAMED = re.compile(r"fer\d{7}\.png", re.ASCII)
_ALONE = (PIXELS, "icml_face_data.csv", "train.csv")
_SPLITS = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}


def _with_votes(raw: Path) -> list[Path]:
    files = [raw / PIXELS, raw / VOTES]
    return files if all(file.is_file() for file in files) else []


def _voted(files: Sequence[Path]) -> Iterator[PackedPicture]:
    """Yield every picture whose row of the votes has a name.

    Raises:
        DataError: naming the line, if the tables do not belong together or a picture is no 48 x 48
            numbers from 0 to 255.
    """
    pixels, votes = files
    for pair in zip_longest(rows(pixels, ["usage"], ["pixels"]), read_votes(votes)):
        if None in pair:
            raise DataError(pixels, f"has not as many rows as {votes}. Fetch both again.")
        (line, row), (usage, name, _, where) = pair
        if row["usage"].strip() != usage:
            raise DataError(
                where, f"is {usage}, and {pixels}, line {line} is not. Fetch both again."
            )
        if name:
            if not _NAMED.fullmatch(name):
                raise DataError(
                    where, f"picture '{printable(name[:40])}' is not named as fer0000000.png is."
                )
            payload = _png(row["pixels"], f"{pixels}, line {line}")
            yield PackedPicture(f"{FOLDERS[usage]}/{name}", payload)


def _alone(raw: Path) -> list[Path]:
    """Return the table of numbers and labels; there is one in each published copy."""
    for name in _ALONE:
        if (raw / name).is_file() and _has_pixels(raw / name):
            return [raw / name]
    return []


def _has_pixels(table: Path) -> bool:
    try:
        return {"emotion", "pixels"} <= {*header_of(table)}
    except DataError:
        return False


def _labelled(files: Sequence[Path]) -> Iterator[PackedPicture]:
    """Yield every picture, with its own label; without a column Usage it has no split.

    Raises:
        DataError: naming the line that cannot be accepted.
    """
    (table,) = files
    for number, (line, row) in enumerate(rows(table, ["emotion"], ["pixels"])):
        where = f"{table}, line {line}"
        label = whole_number(row["emotion"], where)
        usage = row.get("usage", "").strip()
        if label >= len(CLASSES):
            raise DataError(where, f"class {label} is none of 0 to {len(CLASSES) - 1}.")
        if usage and usage not in _SPLITS:
            raise DataError(
                where, f"Usage '{printable(usage[:40])}' is none of {', '.join(_SPLITS)}."
            )
        path = f"{FOLDERS[usage or 'Training']}/fer{number:07d}.png"
        split = _SPLITS.get(usage, "")
        columns = {"file": path, "expression": CLASSES[label], "split": split}
        yield PackedPicture(path, _png(row["pixels"], where), columns)


def _png(text: str, where: str) -> bytes:
    try:
        values = np.array(text.split(), np.uint8)
    except (ValueError, OverflowError):
        values = np.zeros(0, np.uint8)
    if values.size != _SIDE_PX * _SIDE_PX:
        raise DataError(where, f"needs {_SIDE_PX} x {_SIDE_PX} numbers from 0 to 255.")
    good, encoded = cv2.imencode(".png", values.reshape(_SIDE_PX, _SIDE_PX))
    assert good
    return encoded.tobytes()


FERPLUS_VOTES = Packing(_with_votes, _voted, kept=(VOTES,), check_first=True)
FER2013 = Packing(_alone, _labelled, check_first=True)
