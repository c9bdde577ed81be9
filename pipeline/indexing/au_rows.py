"""A row of a table of action units, and how its numbers are read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from errors import DataError, printable

STRONGEST = 5.0
"""FACS's E, as programs and published codings count it."""


@dataclass(frozen=True, slots=True)
class CodedRow:
    """A row of a table.

    Attributes:
        name: of the picture or the video, without its ending, as the table or its file says.
        frame: of the video; None if the table counts none.
        aus: FACS number -> intensity in [0, 1].
        face: which one of the picture, as written; empty if the table does not say.
        box: x, y, width, height of the face in px, if given.
        unusable: why it is not; empty if it is.
        partial: other files may code the same frame, too.
    """

    name: str
    frame: int | None
    aus: Mapping[int, float]
    face: str = ""
    box: tuple[float, ...] | None = None
    unusable: str = ""
    partial: bool = False


def share(text: str, strongest: float, where: str) -> float:
    """Return an intensity as a share of the strongest one; NaN where nothing is written.

    Raises:
        DataError: if it is no number, or out of range.
    """
    value = number(text, where)
    if not (math.isnan(value) or 0 <= value <= strongest):
        raise DataError(
            where,
            f"has intensity {printable(text.strip()[:20])}, which must be from 0 to {strongest:g}.",
        )
    return value / strongest


def number(text: str, where: str) -> float:
    """Return a number; NaN where nothing is written.

    Raises:
        DataError: if it is none.
    """
    try:
        return float(text) if text.strip() else math.nan
    except ValueError as error:
        raise DataError(
            where, f"has '{printable(text.strip()[:40])}' where a number should be."
        ) from error


def frame_number(text: str, where: str) -> int:
    """Return the number of a frame.

    Raises:
        DataError: if it is not whole.
    """
    value = number(text, where)
    if not value.is_integer():
        raise DataError(
            where, f"has frame '{printable(text.strip()[:40])}', which is no whole number."
        )
    return int(value)
