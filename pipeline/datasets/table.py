"""Reads label tables strictly, line by line (any size), as UTF-8 text."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from errors import DataError, NoInputError, printable

_SPLITS = {
    **{"train": "train", "training": "train"},
    **{"val": "val", "valid": "val", "validation": "val"},
    **{"test": "test", "testing": "test"},
    **{"dev": "val", "publictest": "val", "privatetest": "test"},
}
"""Published names of splits. FER2013 has a public and a private test; the public one validates."""

_DELIMITERS = {";": "';'", "\t": "tabs", "|": "'|'"}
ABSENT = frozenset({"", "na", "n/a", "nan", "none", "null", "unknown", "?", "-"})
"""Words, in lower case, that tables write where nothing is known."""


def lines(file: Path) -> Iterator[tuple[int, str]]:
    r"""Yield (number, line with its end); lines end with \n, \r\n or \r.

    Raises:
        NoInputError: if the file is not there.
        DataError: naming the line that is not UTF-8 or has a NUL.
    """
    if not file.is_file():
        raise NoInputError(file, "is not there.")
    number = 0
    with file.open("rb") as stream:
        for block in stream:
            for line in block.splitlines(keepends=True):
                number += 1
                yield number, _text(file, number, line)


def _text(file: Path, number: int, line: bytes) -> str:
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DataError(f"{file}, line {number}", "is not UTF-8 text. Save the table as CSV UTF-8.")
    return text


def fields(file: Path, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield (number of its first line, fields) of a table; empty lines are passed over.

    Raises:
        NoInputError: if the file is not there.
        DataError: naming the line that cannot be read.
    """
    reader = csv.reader((line for _, line in lines(file)), strict=True, delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            found = next(reader, None)
        except csv.Error as error:
            raise DataError(
                f"{file}, line {line}",
                f"is no line of a table with commas ({error}). Mend its quotes.",
            ) from error
        if found is None:
            return
        if found:
            yield line, found


def header_of(file: Path, delimiter: str = ",") -> list[str]:
    """Return the names of a table's columns, in lower case.

    Raises:
        NoInputError: if the file is not there.
        DataError: naming the line that cannot be read.
    """
    return [name.strip().lower() for name in next(fields(file, delimiter), (1, []))[1]]


def rows(
    file: Path, *columns: Sequence[str], delimiter: str = ","
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (number of its first line, row) of a table with a header; names are in lower case.

    Args:
        file: the table.
        columns: each must be there once, under one of its names.
        delimiter: what separates its fields.

    Raises:
        NoInputError: if the file is not there.
        DataError: naming the line that cannot be accepted.
    """
    table = fields(file, delimiter)
    header = [name.strip().lower() for name in next(table, (1, []))[1]]
    if len(set(header)) != len(header) or not all(set(names) & set(header) for names in columns):
        wanted = " and ".join(" or ".join(names) for names in columns)
        found = printable(", ".join(header))[:200] or "nothing"
        raise DataError(
            f"{file}, line 1",
            f"needs the columns {wanted}, each once; it has {found}.{_other_delimiter(header)}",
        )
    for line, values in table:
        if len(values) != len(header):
            raise DataError(
                f"{file}, line {line}",
                f"has {len(values)} fields, the header has {len(header)}. Mend the line.",
            )
        yield line, dict(zip(header, values, strict=True))


def _other_delimiter(header: Sequence[str]) -> str:
    """Say by what a table seems to be separated, if all its names stand in one field."""
    found = [words for sign, words in _DELIMITERS.items() if len(header) == 1 and sign in header[0]]
    said = f" It seems to be separated by {found[0]}, not by commas:" if found else ""
    return f"{said} save it with commas (reader csv: or set option delimiter)." if found else ""


def take(row: dict[str, str], names: Sequence[str]) -> str:
    """Take a column out of a row, under whichever of its names it is there."""
    return next(row.pop(name) for name in names if name in row)


def split_of(word: str, where: str) -> str | None:
    """Return train, val or test for a published name of a split; None for an unknown one.

    Raises:
        DataError: if it is none.
    """
    name = word.strip().lower()
    if name not in ABSENT and name not in _SPLITS:
        raise DataError(
            where, f"split '{printable(word)}' is none of train, val, test. Write one of these."
        )
    return _SPLITS.get(name)


def is_split(word: str) -> bool:
    """Say whether a folder is named as a split."""
    return word.lower() in _SPLITS


def whole_number(text: str, where: str) -> int:
    """Parse a class or a count, which must be a whole number that is not negative.

    Raises:
        DataError: if it is none.
    """
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) < 10):
        raise DataError(where, f"needs a whole number, got '{printable(text[:40])}'.")
    return int(plain)


def numbers(text: str, count: int, what: str, where: str) -> tuple[float, ...] | None:
    """Parse a fixed count of finite numbers; None for an empty field.

    Raises:
        DataError: if there are not as many.
    """
    if not text.strip():
        return None
    try:
        values = tuple(float(word) for word in text.replace(";", " ").split())
    except ValueError:
        values = ()
    if len(values) != count or not all(map(math.isfinite, values)):
        raise DataError(
            where,
            f"{what} needs {count} finite numbers with decimal points, "
            f"got '{printable(text[:40])}'.",
        )
    return values
