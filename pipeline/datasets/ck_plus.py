"""CK+, the extended Cohn-Kanade set: sequences from neutral to the peak of an expression."""

import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import Field

from contracts.labels import LabelSet
from errors import DataError, NoInputError, printable
from pipeline.datasets.reader import (
    LeftOut,
    Listed,
    Reader,
    ReaderOptions,
    first_there,
    listed_as,
    needs_paths,
)
from pipeline.datasets.table import lines
from pipeline.datasets.walking import pictures

CLASSES = (
    *("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"),
)
"""Ids 0 to 7, in order."""

_IMAGES = ("cohn-kanade-images", "extended-cohn-kanade-images/cohn-kanade-images")
_LABELS = ("Emotion", "Emotion_labels/Emotion")


class CKPlusOptions(ReaderOptions, frozen=True):
    """Which frames of a labelled sequence are used; the others are left out."""

    peak: int = Field(default=3, ge=1)  # so many of the last show its expression
    neutral: bool = True  # the first one is neutral


def read_ck_plus(root: Path, options: Mapping[str, Any], labels: LabelSet) -> Iterator[Listed]:
    """Read `cohn-kanade-images/S005/001/*.png` and `Emotion/S005/001/*_emotion.txt`.

    Args:
        root: the dataset's folder.
        options: as in CKPlusOptions.
        labels: the classes.

    Yields:
        Every frame, sorted, without a split, with its person; frames between neutral and peak,
        of sequences without a label, and of what the label set leaves out are left out.

    Raises:
        NoInputError: if pictures or labels are not there.
        DataError: naming the label file that cannot be accepted.
    """
    chosen = CKPlusOptions.model_validate(options)
    images, coded = first_there(root, *_IMAGES), first_there(root, *_LABELS)
    if images is None or coded is None:
        raise NoInputError(
            root / (_LABELS[0] if images else _IMAGES[0]), "is not there. Unpack the zip there."
        )
    for folder, frames in groupby(pictures(images), key=lambda file: file.parent):
        word = _label(coded / folder.relative_to(images))
        yield from _sequence(root, list(frames), word, chosen, labels)


def _label(folder: Path) -> str | None:
    """Return the class of a sequence; None if it has no label.

    Raises:
        DataError: if its file does not hold an id.
    """
    file = next(iter(sorted(folder.glob("*_emotion.txt"))), None)
    if file is None:
        return None
    text = " ".join(line for _, line in lines(file)).strip()
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if number not in range(len(CLASSES)):
        raise DataError(file, f"needs a class 0 to 7, got '{printable(text[:40])}'.")
    return CLASSES[int(number)]


def _sequence(
    root: Path,
    frames: list[Path],
    word: str | None,
    chosen: CKPlusOptions,
    labels: LabelSet,
) -> Iterator[Listed]:
    first_peak = max(len(frames) - chosen.peak, 1)
    for place, file in enumerate(frames):
        path = file.relative_to(root).as_posix()
        person, sequence = file.parts[-3], file.parts[-2]
        if word is None:
            yield LeftOut(path, "sequence without a label")
        elif place >= first_peak or (place == 0 and chosen.neutral):
            shown = word if place >= first_peak else "neutral"
            found = labels.id_or_reason(shown, str(file))
            yield listed_as(found, path, person=person, attributes={"sequence": sequence})
        else:
            yield LeftOut(path, "between neutral and peak" if place else "first of a sequence")


CK_PLUS = Reader(
    read_ck_plus,
    needs_paths("|".join(_IMAGES), "|".join(_LABELS)),
    options=CKPlusOptions,
    note="Frames of one sequence are nearly equal; splits are drawn by person.",
)
