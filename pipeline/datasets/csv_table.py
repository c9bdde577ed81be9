"""The `csv` dataset: one table that names every picture and its expression."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from contracts.files import VALENCE_AROUSAL_COLUMNS
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
from pipeline.datasets.csv_fields import box_of, numbers_of, path_of, person_of
from pipeline.datasets.label_shares import (
    NO_CLASS,
    Ballot,
    ShareSource,
    class_columns,
    merge_ballots,
    read_votes,
    share_remarks,
    shares_of_votes,
)
from pipeline.datasets.path_patterns import PathOptions, label_of_path, with_persons
from pipeline.datasets.reader import (
    Listed,
    Reader,
    class_or_reason,
    listed_as,
    named_by_box,
    needs_paths,
)
from pipeline.datasets.table import header_of, lines, rows, split_of
from pipeline.datasets.valence_arousal import parse_value
from pipeline.datasets.walking import litter
from store.records import LabelShares, Sample

TABLE = "labels.csv"


class CSVOptions(PathOptions, frozen=True):
    """Options of reader csv: where the table and its landmarks lie, and what its columns hold.

    shares: where several people's labels of a face stand: in a column per class, or a row each.
    """

    table: str = TABLE
    landmarks: str = ""
    columns: ColumnOptions = ColumnOptions()
    delimiter: Literal[",", ";", "\t", "|"] = ","
    shares: ShareSource = "none"


def read_csv(root: Path, options: Mapping[str, Any], labels: LabelSet) -> Iterator[Listed]:
    """Read `labels.csv`.

    Its columns, in any order: file, expression (or label); optional split, person, box, landmarks,
    aus, valence, arousal. With option `shares: columns`, also columns named like the classes, with
    numbers, and the expression is optional: where it is missing, the class with the largest share
    is the label, the first of the label set in a tie.

    Args:
        root: the dataset's folder.
        options: as in CSVOptions; `landmarks`: a file of 68 points per picture, see
            `read_landmarks`.
        labels: the classes.

    Yields:
        One sample per row; with option `shares: rows`, one per face, see `merge_ballots`. `box` is
        four numbers, `landmarks` 136 (x0 y0 x1 y1 ...), separated by spaces or semicolons, `aus`
        what `parse_units` reads, `valence` and `arousal` a number from -1 to 1. These two and all
        other columns are kept as attributes.
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
    ballots: Iterable[Ballot] = _rows(root, table, options, labels)
    if options.get("shares") == "rows":
        ballots = merge_ballots(ballots, len(labels), str(table))
    listed = [(one.line, listed_as(one.found, one.path, one.split, **one.about)) for one in ballots]
    coded = with_absent_units(named_by_box(one for _, one in listed))
    named = zip((line for line, _ in listed), coded, strict=True)
    for one in with_persons(_once(table, named), options.get("person", ""), str(table)):
        known = points.get(one.id) if isinstance(one, Sample) else None
        yield replace(one, landmarks=known) if points and isinstance(one, Sample) else one


def _rows(
    root: Path, table: Path, options: Mapping[str, Any], labels: LabelSet
) -> Iterator[Ballot]:
    columns = _columns(table, options, labels)
    wanted = [names for names in (columns.file, columns.expression) if names]
    for line, row in rows(table, *wanted, delimiter=options.get("delimiter", ",")):
        where = f"{table}, line {line}"
        path = path_of(root, row[first_of([*row], columns.file)], where)
        waste = next(filter(None, map(litter, path.split("/"))), None)
        found, shares = (
            (f"litter {waste}", None)
            if waste
            else _label(row, path, columns, options, labels, where)
        )
        split = split_of(row.get(columns.split, ""), where)
        if waste:
            yield Ballot(line, found, path, split, "", {})
            continue
        about = {**_about(row, columns, where), "shares": shares}
        annotator = row[columns.annotator].strip() if columns.annotator else ""
        yield Ballot(line, found, path, split, annotator, about)


def _columns(table: Path, options: Mapping[str, Any], labels: LabelSet) -> Columns:
    """Find the columns.

    Raises:
        DataError: if option `columns` names one that is not there, a needed one may have another
            name, or classes have no columns although option `shares` says so.
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
    if options.get("shares") == "columns":
        shares = class_columns([*columns.kept], options.get("label_map", {}), labels, where)
        kept = {name: own for name, own in columns.kept.items() if name not in shares}
        labelled = columns.expression if first_of(header, columns.expression) else ()
        columns = replace(columns, kept=kept, shares=shares, expression=labelled)
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
                f"'{printable(name)}' stands in line {seen[name]} too. Remove one; if the picture "
                "has several faces, give each row a box of its own; if several people labelled "
                "it, set options: {shares: rows}.",
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


def _label(
    row: Mapping[str, str],
    path: str,
    columns: Columns,
    options: Mapping[str, Any],
    labels: LabelSet,
    where: str,
) -> tuple[int | str, LabelShares | None]:
    """Return the class of a row, or why it is left out; and its shares, if it has any.

    Raises:
        DataError: if there is neither a label nor a share.
    """
    words, pattern = options.get("label_map", {}), options.get("expression", "")
    votes = read_votes(row, columns.shares, where) if columns.shares else []
    shares = shares_of_votes(votes, len(labels))
    unlabelled = not pattern and not any(row.get(name, "").strip() for name in columns.expression)
    if votes and unlabelled:
        return (shares.most[0] if shares else NO_CLASS), shares
    if columns.shares and not columns.expression and not pattern:
        raise DataError(
            where, f"has no label: columns {', '.join(columns.shares)} are empty. Fill one."
        )
    label = label_of_path(pattern, path, where) if pattern else _word(row, columns, words, where)
    return class_or_reason(label, words, labels, where), shares


def _about(row: Mapping[str, str], columns: Columns, where: str) -> dict[str, Any]:
    """Return what a row says of its face beside the label: fields of Sample."""
    return {
        "person": person_of(row.get(columns.person, "")),
        "box": box_of(row, columns, where),
        "landmarks": numbers_of(row.get(columns.landmarks, ""), 136, "landmarks", where),
        "aus": parse_units(row.get(columns.aus, ""), where),
        "attributes": {
            **{own: row[name] for name, own in columns.kept.items()},
            **_valence_arousal(row, columns, where),
        },
    }


def _valence_arousal(row: Mapping[str, str], columns: Columns, where: str) -> dict[str, str]:
    """Return the two of the columns that are there, by their own names."""
    names = {what: getattr(columns, what) for what in VALENCE_AROUSAL_COLUMNS}
    return {
        what: parse_value(row[name], what, where) for what, name in names.items() if name in row
    }


def _word(row: Mapping[str, str], columns: Columns, words: Mapping[str, Any], where: str) -> str:
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


def _remarks(root: Path, options: Mapping[str, Any], labels: LabelSet) -> list[str]:
    table = root / options.get("table", TABLE)
    header = header_of(table, options.get("delimiter", ","))
    columns, source = _columns(table, options, labels), options.get("shares", "none")
    label = first_of(header, columns.expression)
    shares = share_remarks(columns.shares, labels, source, label)
    return [*column_remarks(header, columns), *shares]


CSV = Reader(read_csv, needs_paths(TABLE), general=True, options=CSVOptions, remarks=_remarks)
DEMO = Reader(read_csv, needs_paths(TABLE, "landmarks.txt", "NOTICE.txt"), options=CSVOptions)
