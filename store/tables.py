"""CSV tables that read back as they were written: UTF-8, a header, one row a line end."""

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from errors import CorruptError
from store.files import atomic_write

Row = dict[str, str]


class _Lines(list[str]):
    """Collects what the csv module writes, with plain line ends.

    The module is told to end lines with CR LF, because it quotes only what occurs there, and a lone
    CR ends a line for its reader.
    """

    def write(self, line: str) -> None:
        self.append(line.removesuffix("\r\n") + "\n")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows under a header. A missing value or None becomes an empty field."""
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([row.get(key) for key in columns] for row in rows)
    atomic_write(path, "".join(lines).encode("utf-8", "surrogateescape"))


def read_table(path: Path, wanted: Collection[str] | None = None) -> list[Row]:
    """Return the rows of a table that AULens wrote, or of each only the columns wanted.

    Raises:
        CorruptError: if a row has more or fewer fields than the header, or a quote is left open.
        KeyError: if it has no such column.
    """
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            columns = next(reader, [])
            rows = (dict(zip(columns, fields, strict=True)) for fields in reader)
            if wanted is None:
                return list(rows)
            return [{name: row[name] for name in wanted} for row in rows]
        except (csv.Error, ValueError) as error:
            raise CorruptError(
                path,
                f"line {reader.line_num} does not have one value a column. Build the store again.",
            ) from error
