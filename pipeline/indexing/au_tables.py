"""Reads tables of action units: those of programs (au_programs.py), and published frame tables.

    DISFA    <clip>_au<unit>.txt: lines of frame, intensity (0 to 5); no header
    BP4D     <clip>.csv: a header of frame and the units' numbers, then 0, 1 or 9 (not coded);
             intensities, 0 to 5 or 9, in <clip>_AU<unit>.csv, like DISFA's

Sources: Mavadati et al., DISFA, IEEE TAC 2013; Zhang et al., BP4D-Spontaneous, IVC 2014.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from errors import DataError, NoInputError
from pipeline.datasets.au_cells import known_unit
from pipeline.datasets.table import fields
from pipeline.indexing.au_programs import PROGRAMS, program_table
from pipeline.indexing.au_rows import STRONGEST, CodedRow, frame_number, number, share

_NOT_CODED = 9.0
_FRAME_FILE = re.compile(r"(?P<clip>.+)_au(?P<unit>\d+)", re.IGNORECASE)
_ENDINGS = (".csv", ".txt")

Layout = Callable[[Path, str, Sequence[str], float], Iterator[CodedRow] | None]
"""(file, its name, its first line, least confidence) -> its rows; None if it has another layout."""


def read_au_tables(place: Path, least_confidence: float) -> list[CodedRow]:
    """Read a table, or all tables below a folder; files that are no tables of AUs are passed over.

    Args:
        place: file or folder.
        least_confidence: rows whose detector was less sure are unusable.

    Raises:
        NoInputError: if it is not there, or holds no table of action units.
        DataError: naming file and line of what cannot be accepted.
    """
    is_file = place.is_file()
    below = [one for one in place.rglob("*") if one.suffix.lower() in _ENDINGS]
    base, files = (place.parent, [place]) if is_file else (place, sorted(below))
    whole: list[CodedRow] = []
    parts: dict[tuple[str, int | None], CodedRow] = {}
    for file in files:
        name = file.relative_to(base).with_suffix("").as_posix()
        for row in _rows_of(file, name, least_confidence):
            if row.partial:
                key = row.name, row.frame
                parts[key] = _together(parts[key], row) if key in parts else row
            else:
                whole.append(row)
    found = [*whole, *(replace(row, unusable="" if row.aus else "empty") for row in parts.values())]
    if not found:
        raise NoInputError(
            place,
            "is not there, or is no table of action units. Tables have columns such as AU01_r "
            f"({', '.join(PROGRAMS)}), or are the frame tables of DISFA or BP4D.",
        )
    return found


def _together(one: CodedRow, other: CodedRow) -> CodedRow:
    """Put two files on one frame together; presence times intensity where both code a unit."""
    both = {unit: one.aus[unit] * other.aus[unit] for unit in {*one.aus} & {*other.aus}}
    return replace(one, aus={**one.aus, **other.aus, **both})


def _rows_of(file: Path, name: str, least: float) -> Iterator[CodedRow]:
    """Yield the rows of one file; none of a file that is no table of action units."""
    try:
        header = [word.strip() for word in next(fields(file), (1, list[str]()))[1]]
    except DataError:  # a picture's note in another encoding, say
        return
    readings = (read(file, name, header, least) for read in LAYOUTS.values())
    yield from next((rows for rows in readings if rows is not None), ())


def _intensity_file(
    file: Path, name: str, header: Sequence[str], least: float
) -> Iterator[CodedRow] | None:
    named = _FRAME_FILE.fullmatch(file.stem)
    if named is None or len(header) != 2 or not header[0].isdigit():
        return None
    return _frames(file, fields(file), named["clip"], [int(named["unit"])], STRONGEST)


def _occurrence_file(
    file: Path, name: str, header: Sequence[str], least: float
) -> Iterator[CodedRow] | None:
    if len(header) < 3 or not all(word.isdigit() for word in header[1:]):
        return None
    table = fields(file)
    next(table)
    return _frames(file, table, file.stem, [int(word) for word in header[1:]], 1.0)


def _frames(
    file: Path,
    table: Iterable[tuple[int, list[str]]],
    clip: str,
    units: Sequence[int],
    strongest: float,
) -> Iterator[CodedRow]:
    """Yield a row per frame, with the units that were coded on it."""
    for unit in units:
        known_unit(unit, str(file))
    for line, (frame, *values) in table:
        where = f"{file}, line {line}"
        if len(values) != len(units):
            raise DataError(where, f"has {len(values)} values for {len(units)} action units.")
        aus = {
            unit: share(text, strongest, where)
            for unit, text in zip(units, values, strict=True)
            if number(text, where) != _NOT_CODED
        }
        yield CodedRow(clip, frame_number(frame, where), aus, partial=True)


LAYOUTS: dict[str, Layout] = {
    "columns of a program": program_table,
    "an intensity per frame": _intensity_file,
    "occurrences per frame": _occurrence_file,
}
"""What a file may look like, tried in this order."""
