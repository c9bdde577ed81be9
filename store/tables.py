"""CSV tables that read back as they were written: UTF-8, a header, one row per line end.

Small tables are rows of text; large ones, of one row per sample, are polars data frames of text.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from errors import CorruptError, printable
from store.files import atomic_write

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, str]

_BATCH_ROWS = 1 << 16
_BLOCK_BYTES = 1 << 20


_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula; also as full-width characters."""
_NUMBERS = re.compile(r"[-+]?\.?[0-9](?:[-+0-9.,%()± ]|e|to)*")
"""One number or several, such as an interval: no word, no cell, no function."""


class _Lines(io.BytesIO):
    r"""Collects what the csv module writes, with plain line ends.

    The module is told to end lines with \r\n: it quotes only what occurs there, and its reader ends
    a line at a lone \r, too.
    """

    def write(self, line: str) -> int:  # type: ignore[override]  # the csv module writes text
        return super().write((line.removesuffix("\r\n") + "\n").encode("utf-8", "surrogateescape"))


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows under a header. A missing value or None becomes an empty field."""
    atomic_write(path, table_bytes(columns, rows))


def table_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> memoryview:
    """Return what `write_table` writes."""
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([row.get(key) for key in columns] for row in rows)
    return lines.getbuffer()


def inert(text: str) -> str:
    """Keep a text from being more than text where a table is opened.

    A spreadsheet would take what begins with = for a formula, a terminal would obey escapes.
    Control characters are escaped, and a quote is put before a formula; numbers stay.
    """
    shown = printable(text)
    is_formula = shown.lstrip().startswith(_FORMULA) and not _NUMBERS.fullmatch(shown)
    return f"'{shown}" if is_formula else shown


def inert_row(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row for people's programs: its columns and texts inert. AULens reads none back."""
    return {
        inert(name): inert(value) if isinstance(value, str) else value
        for name, value in row.items()
    }


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a small table that AULens wrote.

    Raises:
        CorruptError: if a row has more or fewer fields than the header, or a quote is left open.
    """
    lines = _records(path, errors="surrogateescape")
    columns = next(lines, [])
    return [dict(zip(columns, fields, strict=True)) for fields in lines]


def read_table(path: Path, columns: Collection[str] | None = None) -> "pl.DataFrame":
    """Return a table that AULens wrote, or only some of its columns, as text.

    polars reads it where no field is quoted, once every line is known to have all its fields: it
    would take a short line without a word. The csv module reads all others.

    Raises:
        CorruptError: as for `read_rows`, or if it is not UTF-8, or has no such column.
    """
    import polars as pl

    with path.open("rb") as file:
        header = file.readline()
    commas = header.count(b",")
    if commas and _is_plain(path, commas):  # an empty line of a single column says nothing
        names = header.decode().removesuffix("\n").split(",")
        _require_columns(path, names, columns)
        return pl.read_csv(
            path,
            columns=None if columns is None else list(columns),
            schema=dict.fromkeys(names, pl.String),
            quote_char=None,
            empty_string_is_null=False,
            glob=False,
        )
    lines = _records(path)
    names = next(lines, [])
    _require_columns(path, names, columns)
    schema = dict.fromkeys(names, pl.String)
    batches = [pl.DataFrame(schema=schema)]
    while batch := list(islice(lines, _BATCH_ROWS)):
        batches.append(pl.DataFrame(list(zip(*batch, strict=True)), schema, orient="col"))
    table = pl.concat(batches)
    return table if columns is None else table.select(list(columns))


def _require_columns(path: Path, names: Sequence[str], columns: Collection[str] | None) -> None:
    missing = [name for name in columns or () if name not in names]
    if missing or len({*names}) < len(names):
        what = f"has no column '{missing[0]}'" if missing else "has two columns of one name"
        raise CorruptError(path, f"{what}; it has {', '.join(names):.200}. Build the store again.")


def _is_plain(path: Path, commas: int) -> bool:
    """Say whether a table is plain UTF-8 without quotes, with so many commas on every line."""
    line = np.frombuffer(b"," * commas + b"\n", np.uint8)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            block += file.readline()
            if any(special in block for special in (b'"', b"\r", b"\0")) or block[-1:] != b"\n":
                return False
            bytes_N = np.frombuffer(block, np.uint8)
            marks = bytes_N[(bytes_N == ord(",")) | (bytes_N == ord("\n"))]
            if len(marks) % (commas + 1) or not _is_utf8(block):
                return False
            if (marks.reshape(-1, commas + 1) != line).any():
                return False
    return True


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _records(path: Path, errors: str = "strict") -> Iterator[list[str]]:
    """Yield the fields of every line, the header first, all as many as the header has."""
    with path.open(encoding="utf-8", errors=errors, newline="") as file:
        reader = csv.reader(file, strict=True)
        width = None
        try:
            for fields in reader:
                width = len(fields) if width is None else width
                if len(fields) != width:
                    raise ValueError(f"{len(fields)} fields, the header has {width}")
                yield fields
        except UnicodeDecodeError as error:
            raise CorruptError(path, "is not UTF-8. Build the store again.") from error
        except (csv.Error, ValueError) as error:
            raise CorruptError(
                path,
                f"line {reader.line_num} does not have one value per column. Build the store "
                "again.",
            ) from error
