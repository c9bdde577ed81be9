"""Tables of action units that programs write: a header, and a row per face or frame.

    OpenFace    AU01_r (intensity, 0 to 5), AU01_c (present or not), confidence, success
    py-feat     AU01 (0 to 1), FaceScore, FaceRectX ..., input
    LibreFace   au_1_intensity (0 to 5), au_1 (present or not)

Sources: OpenFace's wiki, Output Format; py-feat's Fex tables; LibreFace's README.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from errors import DataError
from pipeline.datasets.au_cells import known_unit
from pipeline.datasets.table import fields
from pipeline.indexing.au_rows import STRONGEST, CodedRow, frame_number, number, share

_NAMES = ("input", "file", "filename", "file_name", "image", "image_name", "picture", "path")
_FRAMES = ("frame", "frame_idx", "frame_id")
_FACES = ("face", "face_id")
_CONFIDENCES = ("confidence", "facescore")
_BOX = ("facerectx", "facerecty", "facerectwidth", "facerectheight")


@dataclass(frozen=True, slots=True)
class Program:
    """How a program names its columns.

    Attributes:
        intensity, presence: regular expressions with the unit's number; presence is 0 or 1.
        strongest: the largest intensity.
        hint: on unknown numbers.
    """

    intensity: str
    strongest: float
    presence: str = "(?!)"
    hint: str = ""


PROGRAMS: dict[str, Program] = {
    "OpenFace": Program(
        r"au(\d+)_r",
        STRONGEST,
        r"au(\d+)_c",
        " OpenFace 3.0 numbers its columns by place, not as FACS does: rename them.",
    ),
    "py-feat": Program(r"au(\d+)", 1.0),
    "LibreFace": Program(r"au_(\d+)_intensity", STRONGEST, r"au_(\d+)"),
}
"""Program -> its columns, names in any case."""


def program_table(
    file: Path, name: str, header: Sequence[str], least: float
) -> Iterator[CodedRow] | None:
    """Yield the rows of a program's table; None if the file is none.

    Args:
        file: the table.
        name: of its picture or video, where no column says.
        header: its first line.
        least: rows of a smaller confidence are unusable.

    Raises:
        DataError: naming what cannot be accepted.
    """
    for columns in PROGRAMS.values():
        intensities = _units_of(header, columns.intensity)
        presences = _units_of(header, columns.presence)
        if intensities or presences:
            for unit in (*intensities, *presences):
                _require_known(unit, f"{file}, line 1", columns.hint)
            places = {word.lower(): place for place, word in reversed([*enumerate(header)])}
            table = _Columns(header, places, intensities, presences, columns.strongest, least)
            return _rows(file, name, table)
    return None


def _units_of(header: Sequence[str], pattern: str) -> dict[int, int]:
    """Return FACS number -> place of its column."""
    fits = re.compile(pattern, re.IGNORECASE).fullmatch
    found = ((place, fits(word)) for place, word in enumerate(header))
    return {int(match[1]): place for place, match in found if match}


def _require_known(unit: int, where: str, hint: str) -> None:
    try:
        known_unit(unit, where)
    except DataError as error:
        raise DataError(where, f"{error.what}{hint}") from error


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the columns of a program's table are.

    Attributes:
        header: its names.
        places: name in lower case -> place of the first such column.
        intensities, presences: FACS number -> place.
        strongest: the largest intensity.
        least: confidence.
    """

    header: Sequence[str]
    places: Mapping[str, int]
    intensities: Mapping[int, int]
    presences: Mapping[int, int]
    strongest: float
    least: float

    def text(self, values: Sequence[str], names: Sequence[str]) -> str:
        """Return the field of the first of several columns that is there."""
        return next((values[self.places[one]].strip() for one in names if one in self.places), "")

    def unusable(self, values: Sequence[str], where: str) -> str:
        """Say why the program itself does not trust a row; nothing if it does."""
        success, confidence = self.text(values, ("success",)), self.text(values, _CONFIDENCES)
        if success and number(success, where) == 0:
            return "not tracked (success 0)"
        if confidence and not number(confidence, where) >= self.least:
            return f"below confidence {self.least:g}"
        return ""

    def box(self, values: Sequence[str], where: str) -> tuple[float, ...] | None:
        """Return the face's box, or that around its landmarks, x_0 to y_67."""
        if all(name in self.places for name in _BOX):
            found = [number(values[self.places[name]], where) for name in _BOX]
            return tuple(found) if all(map(math.isfinite, found)) else None
        if "x_0" not in self.header or "y_67" not in self.header:
            return None
        first, second = self.header.index("x_0"), self.header.index("y_0")
        x, y = ([number(one, where) for one in values[at : at + 68]] for at in (first, second))
        return (min(x), min(y), max(x) - min(x), max(y) - min(y))

    def aus(self, values: Sequence[str], where: str) -> dict[int, float]:
        """Return the intensities; a unit that is not present has 0."""
        found: dict[int, float] = {}
        for unit in sorted({*self.intensities, *self.presences}):
            strength = 1.0
            for places, most in ((self.intensities, self.strongest), (self.presences, 1.0)):
                if unit in places:
                    column = f"{where}, column {self.header[places[unit]]}"
                    strength *= share(values[places[unit]], most, column)
            if math.isfinite(strength):
                found[unit] = strength
        return found


def _rows(file: Path, name: str, columns: _Columns) -> Iterator[CodedRow]:
    table = fields(file)
    next(table)
    for line, values in table:
        where = f"{file}, line {line}"
        if len(values) != len(columns.header):
            wanted = len(columns.header)
            raise DataError(where, f"has {len(values)} fields, the header has {wanted}.")
        frame, aus = columns.text(values, _FRAMES), columns.aus(values, where)
        yield CodedRow(
            columns.text(values, _NAMES) or name,
            frame_number(frame, where) if frame else None,
            aus,
            columns.text(values, _FACES),
            columns.box(values, where),
            columns.unusable(values, where) or ("" if aus else "empty"),
        )
