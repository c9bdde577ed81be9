"""The `csv` dataset: one table that names every picture and its expression."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np

from contracts.labels import LabelSet
from errors import DataError, NoInputError, printable
from pipeline.datasets.au_cells import parse_units, with_absent_units
from pipeline.datasets.csv_columns import (
    ColumnOptions,
    Columns,
    column_remarks,
    columns_missing,
    find_columns,
    first_of,
    near_names,
)
from pipeline.datasets.path_patterns import PathOptions, label_of_path, with_persons
from pipeline.datasets.reader import (
    LeftOut,
    Listed,
    Reader,
    class_or_reason,
    listed_as,
    named_by_box,
    needs_paths,
)
from pipeline.datasets.table import ABSENT, header_of, lines, numbers, rows, split_of
from pipeline.datasets.walking import litter
from pipeline.paths import safe_path
from store.records import Sample

TABLE = "labels.csv"


class CSVOptions(PathOptions, frozen=True):
    """Options of reader csv: where the table and its landmarks lie, and what its columns hold."""

    table: str = TABLE
    landmarks: str = ""
    columns: ColumnOptions = ColumnOptions()
    delimiter: Literal[",", ";", "\t", "|"] = ","


def read_csv(root: Path, options: Mapping[str, Any], labels: LabelSet) -> Iterator[Listed]:
    """Read `labels.csv`.

    Its columns, in any order: file, expression (or label); optional split, person, box, landmarks,
    aus.

    Args:
        root: the dataset's folder.
        options: as in CSVOptions; `landmarks`: a file of 68 points per picture, see
            `read_landmarks`.
        labels: the classes.

    Yields:
        One sample per row. `box` is four numbers, `landmarks` 136 (x0 y0 x1 y1 ...), separated by
        spaces or semicolons, `aus` what `parse_units` reads. Other columns are kept as attributes.
        Where several rows name one picture, each with a box of its own, the box is part of their
        ids. What the label set leaves out, what `label_map` maps to null, and litter of other
        systems are left out.

    Raises:
        NoInputError: if the table is not there.
        DataError: naming the line, if a row cannot be accepted.
    """
    table = root / options.get("table", TABLE)
    if not table.is_file():
        raise NoInputError(
            table, "is not there. A csv dataset needs a table with the columns file and expression."
        )
    points = read_landmarks(root / options["landmarks"]) if options.get("landmarks") else {}
    listed = list(_rows(root, table, options, labels))
    coded = with_absent_units(named_by_box(one for _, one in listed))
    named = zip((line for line, _ in listed), coded, strict=True)
    for one in with_persons(_once(table, named), options.get("person", ""), str(table)):
        known = points.get(one.id) if isinstance(one, Sample) else None
        yield replace(one, landmarks=known) if points and isinstance(one, Sample) else one


def _rows(
    root: Path, table: Path, options: Mapping[str, Any], labels: LabelSet
) -> Iterator[tuple[int, Listed]]:
    columns = _columns(table, options)
    wanted = [names for names in (columns.file, columns.expression) if names]
    for line, row in rows(table, *wanted, delimiter=options.get("delimiter", ",")):
        yield line, _listed(root, row, columns, options, labels, f"{table}, line {line}")


def _columns(table: Path, options: Mapping[str, Any]) -> Columns:
    """Find the columns.

    Raises:
        DataError: if option `columns` names one that is not there, or a needed one may have another
            name.
    """
    chosen = ColumnOptions.model_validate(options.get("columns", {}))
    header = header_of(table, options.get("delimiter", ","))
    columns = find_columns(header, chosen, not options.get("expression"))
    where = f"{table}, line 1"
    if missing := columns_missing(header, chosen):
        raise DataError(
            where,
            f"has no column {', '.join(map(printable, missing))}, which option columns names; it "
            f"has {printable(', '.join(header))[:200]}.",
        )
    needed = [names for names in (columns.file, columns.expression) if names]
    near = near_names(header, columns)
    if near and not all(first_of(header, names) for names in needed):
        wanted = " and ".join(" or ".join(names) for names in needed)
        raise DataError(where, f"needs the columns {wanted}, each once: {near}.")
    return columns


def _once(table: Path, listed: Iterator[tuple[int, Listed]]) -> Iterator[Listed]:
    """Refuse a second row for the same face.

    Raises:
        DataError: naming both lines.
    """
    seen: dict[str, int] = {}
    for line, one in listed:
        name = one.id if isinstance(one, Sample) else one.path
        if name in seen and isinstance(one, Sample):
            raise DataError(
                f"{table}, line {line}",
                f"'{printable(name)}' stands in line {seen[name]} too. Remove one; or, if the "
                "picture has several faces, give each row a box of its own.",
            )
        seen[name] = line
        yield one


def read_landmarks(file: Path) -> dict[str, tuple[float, ...]]:
    """Read lines of `file, x0 .. x67, y0 .. y67`, as published with the AU heatmaps.

    Returns:
        File -> 136 numbers x0 y0 x1 y1 ...; a face whose numbers are not finite (a failure) is left
        out.

    Raises:
        NoInputError: if the file is not there.
        DataError: naming the line that has not 137 fields.
    """
    if not file.is_file():
        raise NoInputError(file, "is not there. Correct the dataset's option `landmarks`.")
    found = {}
    for number, line in lines(file):
        name, *fields = line.split(",")
        try:
            values = np.array(fields, float).reshape(2, 68)
        except ValueError as error:
            raise DataError(
                f"{file}, line {number}", "needs a file name, 68 x and 68 y, separated by commas."
            ) from error
        if np.isfinite(values).all():
            found[name] = tuple(values.T.ravel().tolist())
    return found


def _listed(
    root: Path,
    row: Mapping[str, str],
    columns: Columns,
    options: Mapping[str, Any],
    labels: LabelSet,
    where: str,
) -> Listed:
    header = [*row]
    path = _path(root, row[first_of(header, columns.file)], where)
    waste = next(filter(None, map(litter, path.split("/"))), None)
    if waste:
        return LeftOut(path, f"litter {waste}", split_of(row.get(columns.split, ""), where))
    words = options.get("label_map", {})
    pattern = options.get("expression", "")
    label = label_of_path(pattern, path, where) if pattern else _label(row, columns, words, where)
    found = class_or_reason(label, words, labels, where)
    split = split_of(row.get(columns.split, ""), where)
    return listed_as(
        found,
        path,
        split,
        person=person_of(row.get(columns.person, "")),
        box=_box(row, columns, where),
        landmarks=_given(row.get(columns.landmarks, ""), 136, "landmarks", where),
        aus=parse_units(row.get(columns.aus, ""), where),
        attributes={own: row[name] for name, own in columns.kept.items()},
    )


def person_of(word: str) -> str | None:
    """Return the name of a person; None for words such as NA, which mean unknown."""
    return None if word.strip().lower() in ABSENT else word.strip()


def _path(root: Path, name: str, where: str) -> str:
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


def _label(row: Mapping[str, str], columns: Columns, words: Mapping[str, Any], where: str) -> str:
    """Return the label of a row.

    Raises:
        DataError: if it is empty, or a number that nothing explains while another column has a
            word.
    """
    names = [name for name in columns.expression if name in row]
    label = row[names[0]]
    if not label.strip() and label.strip() not in words:
        raise DataError(
            where, f"has no label: column {names[0]} is empty. Fill it, or remove the line."
        )
    if label.strip().isdigit() and label.strip() not in words:
        for other in names[1:]:
            if not row[other].strip().isdigit():
                raise DataError(
                    where,
                    f"column {names[0]} says '{printable(label)}' and column {other} says "
                    f"'{printable(row[other])}'. Say which one counts: "
                    f"options: columns: {{expression: {other}}}.",
                )
    return label


def _given(text: str, count: int, what: str, where: str) -> tuple[float, ...] | None:
    """Parse numbers; None if the field holds only words for unknown, such as NA."""
    absent = all(word.lower() in ABSENT for word in text.replace(";", " ").split())
    return None if absent else numbers(text, count, what, where)


def _box(row: Mapping[str, str], columns: Columns, where: str) -> tuple[float, ...] | None:
    words = [row.get(name, "") for name in columns.box]
    found = _given(" ".join(words), 4, "box", where)
    if found is None or not columns.corners:
        return found
    x0, y0, x1, y1 = found
    return (x0, y0, x1 - x0, y1 - y0)


def _remarks(root: Path, options: Mapping[str, Any]) -> list[str]:
    table = root / options.get("table", TABLE)
    header = header_of(table, options.get("delimiter", ","))
    return column_remarks(header, _columns(table, options))


CSV = Reader(read_csv, needs_paths(TABLE), general=True, options=CSVOptions, remarks=_remarks)
DEMO = Reader(read_csv, needs_paths(TABLE, "landmarks.txt", "NOTICE.txt"), options=CSVOptions)
