"""The `csv` dataset: one table that names every picture and its expression."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from anatomy.expressions import expression_id
from errors import DataError, NoInputError, printable
from pipeline.datasets.reader import LabelMapOptions, Reader, needs_paths
from pipeline.datasets.table import lines, numbers, rows, split_of, take
from pipeline.paths import safe_path
from store.records import Sample

TABLE = "labels.csv"
_FILE = ("file", "image", "path")
_LABEL = ("expression", "label", "emotion")


class CSVOptions(LabelMapOptions, frozen=True):
    """And where the table and its landmarks are, from the dataset's folder."""

    table: str = TABLE
    landmarks: str = ""


def read_csv(root: Path, options: Mapping[str, Any]) -> Iterator[Sample]:
    """Read `labels.csv`.

    Its columns, in any order: file, expression (or label); optional split, person, box, landmarks.

    Args:
        root: the dataset's folder.
        options: `table`: another name than labels.csv; `label_map`: word or digit -> expression;
            `landmarks`: a file of 68 points per picture, see `read_landmarks`.

    Yields:
        One sample per row. `box` is four numbers, `landmarks` 136 (x0 y0 x1 y1 ...), separated by
        spaces or semicolons. Other columns are kept as attributes.

    Raises:
        NoInputError: if the table is not there.
        DataError: naming the line, if a row cannot be accepted.
    """
    table = root / options.get("table", TABLE)
    words = options.get("label_map", {})
    if not table.is_file():
        raise NoInputError(
            table, "is not there. A csv dataset needs a table with the columns file and expression."
        )
    points = read_landmarks(root / options["landmarks"]) if "landmarks" in options else {}
    seen: dict[str, int] = {}
    for line, row in rows(table, _FILE, _LABEL):
        sample = _sample(root, row, words, f"{table}, line {line}")
        if sample.id in seen:
            raise DataError(
                f"{table}, line {line}",
                f"'{printable(sample.id)}' stands in line {seen[sample.id]} too. Remove one.",
            )
        seen[sample.id] = line
        yield replace(sample, landmarks=points.get(sample.id)) if points else sample


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


def _sample(root: Path, row: dict[str, str], words: Mapping[str, str], where: str) -> Sample:
    rest = dict(row)
    path = safe_path(root, take(rest, _FILE), where).relative_to(root).as_posix()
    label = take(rest, _LABEL)
    return Sample(
        id=path,
        path=path,
        expression=expression_id(words.get(label, label), where),
        split=split_of(rest.pop("split", ""), where),
        person=rest.pop("person", "") or None,
        box=numbers(rest.pop("box", ""), 4, "box", where),
        landmarks=numbers(rest.pop("landmarks", ""), 136, "landmarks", where),
        attributes=rest,
    )


CSV = Reader(read_csv, needs_paths(TABLE), general=True, options=CSVOptions)
DEMO = Reader(read_csv, needs_paths(TABLE, "landmarks.txt", "NOTICE.txt"), options=CSVOptions)
