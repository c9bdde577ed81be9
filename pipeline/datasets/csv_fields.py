"""Fields of a row of a csv dataset's table: its picture, person, box and landmarks."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from errors import DataError, printable
from pipeline.datasets.csv_columns import Columns
from pipeline.datasets.table import ABSENT, numbers
from pipeline.paths import safe_path


def person_of(word: str) -> str | None:
    """Return the name of a person; None for words such as NA, which mean unknown."""
    return None if word.strip().lower() in ABSENT else word.strip()


def path_of(root: Path, name: str, where: str) -> str:
    """Return a picture's path, relative to the dataset's folder.

    Raises:
        DataError: if it is empty, elsewhere, or no path.
    """
    if not name.strip():
        raise DataError(where, "names no picture: the field is empty. Fill it, or remove the line.")
    if name != name.strip() and not (root / name).exists() and (root / name.strip()).exists():
        name = name.strip()  # as behind "a.jpg, fear"; names may have spaces of their own
    if "\\" in name:
        raise DataError(where, f"path '{printable(name)}' has backslashes. Write '/' instead.")
    if PurePosixPath(name).is_absolute():
        inside = [base for base in (root.absolute(), root.resolve()) if _below(name, base)]
        if not inside:
            raise DataError(
                where,
                f"path '{printable(name)}' is absolute and lies outside {root}. "
                "Write it relative to that folder, such as 'images/a.jpg'.",
            )
        name = PurePosixPath(name).relative_to(inside[0]).as_posix()
    return safe_path(root, name, where).relative_to(root).as_posix()


def _below(name: str, base: Path) -> bool:
    return PurePosixPath(name).is_relative_to(base) and PurePosixPath(name) != PurePosixPath(base)


def numbers_of(text: str, count: int, what: str, where: str) -> tuple[float, ...] | None:
    """Parse numbers; None if the field holds only words for unknown, such as NA."""
    absent = all(word.lower() in ABSENT for word in text.replace(";", " ").split())
    return None if absent else numbers(text, count, what, where)


def box_of(row: Mapping[str, str], columns: Columns, where: str) -> tuple[float, ...] | None:
    """Return x, y, width and height; None where a row has no box."""
    words = [row.get(name, "") for name in columns.box]
    found = numbers_of(" ".join(words), 4, "box", where)
    if found is None or not columns.corners:
        return found
    x0, y0, x1, y1 = found
    return (x0, y0, x1 - x0, y1 - y0)
