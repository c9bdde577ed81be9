"""The `csv` dataset: one table that names every picture and its expression."""

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from anatomy.expressions import expression_id
from errors import DataError, NoInputError, UsageError, did_you_mean, printable
from pipeline.paths import safe_path
from store.records import Sample

TABLE = "labels.csv"
_FILE = ("file", "image", "path")
_LABEL = ("expression", "label", "emotion")
_OPTIONS = ("table", "label_map", "landmarks")
_SPLITS = {"training": "train", "valid": "val", "validation": "val", "testing": "test"}


def read_csv(root: Path, options: Mapping[str, Any]) -> Iterator[Sample]:
    """Read `labels.csv`.

    Its columns, in any order: file, expression (or label); optional split, person, box, landmarks.

    Args:
        root: the dataset's folder.
        options: `table`: another name than labels.csv; `label_map`: word or digit -> expression;
            `landmarks`: a file of 68 points a picture, see `read_landmarks`.

    Yields:
        A sample a row. `box` is four numbers, `landmarks` 136 (x0 y0 x1 y1 ...), separated by
        spaces or semicolons. Other columns are kept as attributes.

    Raises:
        NoInputError: if the table is not there.
        DataError: naming the line, if a row cannot be accepted.
    """
    check_options(options, _OPTIONS, "csv")
    words = label_map(options)
    table = root / options.get("table", TABLE)
    if not table.is_file():
        raise NoInputError(
            table, "is not there. A csv dataset needs a table with the columns file and expression."
        )
    points = read_landmarks(root / options["landmarks"]) if "landmarks" in options else {}
    seen: dict[str, int] = {}
    for line, row in _rows(table):
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
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1):
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


def check_options(options: Mapping[str, Any], known: tuple[str, ...], reader: str) -> None:
    """Refuse an option that a reader does not have.

    Raises:
        UsageError: naming it.
    """
    for name in options:
        if name not in known:
            raise UsageError(
                "params.yaml",
                f"reader {reader} has no option '{name}'; "
                f"known: {', '.join(known)}.{did_you_mean(name, list(known))}",
            )


def label_map(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the option `label_map` as text, for YAML reads a bare 4 as a number.

    Raises:
        UsageError: if it is no mapping.
    """
    words = options.get("label_map") or {}
    if not isinstance(words, Mapping):
        raise UsageError("params.yaml", f"label_map needs pairs, {{'4': fear}}; got {words!r:.40}.")
    return {str(word): str(expression) for word, expression in words.items()}


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (number of its first line, row) with one value a column."""
    reader = csv.reader(io.StringIO(_text(table), newline=""), strict=True)
    line = 1
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(table, header)
        line = reader.line_num + 1
        for fields in reader:
            if fields and len(fields) != len(header):
                raise DataError(
                    f"{table}, line {line}",
                    f"has {len(fields)} fields, the header has {len(header)}. Mend the line.",
                )
            if fields:
                yield line, dict(zip(header, fields, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{table}, line {line}",
            f"is no line of a table with commas ({error}). Mend its quotes.",
        ) from error


def _text(table: Path) -> str:
    """Read a table as text, which has neither broken UTF-8 nor NUL."""
    payload = table.read_bytes()
    try:
        text, bad = payload.decode("utf-8-sig"), payload.find(b"\0")
    except UnicodeDecodeError as error:
        text, bad = "", error.start
    if bad >= 0:
        line = payload.count(b"\n", 0, bad) + 1
        raise DataError(f"{table}, line {line}", "is not UTF-8 text. Save the table as CSV UTF-8.")
    return text


def _check_header(table: Path, header: list[str]) -> None:
    missing = [names for names in (_FILE, _LABEL) if not set(names) & set(header)]
    if missing or len(set(header)) != len(header):
        wanted = " and ".join(" or ".join(names) for names in (_FILE, _LABEL))
        found = printable(", ".join(header)) or "nothing"
        raise DataError(
            f"{table}, line 1", f"needs the columns {wanted}, each once; it has {found}."
        )


def _sample(root: Path, row: dict[str, str], words: Mapping[str, str], where: str) -> Sample:
    rest = dict(row)
    path = _take(rest, _FILE)
    path = safe_path(root, path, where).relative_to(root).as_posix()
    label = _take(rest, _LABEL)
    return Sample(
        id=path,
        path=path,
        expression=expression_id(words.get(label, label), where),
        split=_split(rest.pop("split", ""), where),
        person=rest.pop("person", "") or None,
        box=_numbers(rest.pop("box", ""), 4, "box", where),
        landmarks=_numbers(rest.pop("landmarks", ""), 136, "landmarks", where),
        attributes=rest,
    )


def _take(row: dict[str, str], names: tuple[str, ...]) -> str:
    return next(row.pop(name) for name in names if name in row)


def _split(word: str, where: str) -> str | None:
    name = _SPLITS.get(word.strip().lower(), word.strip().lower())
    if name not in ("", "train", "val", "test"):
        raise DataError(where, f"split '{printable(word)}' is none of train, val, test.")
    return name or None


def _numbers(text: str, count: int, what: str, where: str) -> tuple[float, ...] | None:
    """Parse a fixed count of finite numbers; None for an empty field."""
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
