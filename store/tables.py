"""CSV tables that read back as they were written: UTF-8, a header, one row a line end."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from errors import CorruptError
from store.files import atomic_write

Row = dict[str, str]


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows under a header. A missing value or None becomes an empty field."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: "" if row.get(key) is None else row[key] for key in columns} for row in rows
    )
    atomic_write(path, text.getvalue().encode("utf-8", "surrogateescape"))


def read_table(path: Path) -> list[Row]:
    """Return the rows of a table that AULens wrote.

    Raises:
        CorruptError: if a row has more or fewer fields than the header.
    """
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        reader = csv.DictReader(file, restkey="", restval=None, strict=True)
        rows = list(reader)
    for number, row in enumerate(rows, start=2):
        if "" in row or None in row.values():
            raise CorruptError(
                path, f"line {number} does not have one value a column. Build the store again."
            )
    return rows
