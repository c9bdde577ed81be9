"""AffectNet as given out from 2017 to 2020: two tables, and pictures in numbered folders."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from contracts.labels import LabelSet
from errors import NoInputError
from pipeline.datasets.affectnet import AffectNetOptions, class_of, intensity, order_of_ids
from pipeline.datasets.reader import (
    LeftOut,
    Listed,
    Reader,
    each_once,
    first_there,
    needs_paths,
)
from pipeline.datasets.table import numbers, rows, whole_number
from pipeline.paths import safe_path
from store.records import Sample

_LISTS, _IMAGES = "Manually_Annotated_file_lists", "Manually_Annotated_Images"
_TABLES = {"train": "training.csv", "val": "validation.csv"}
_PATH = "subdirectory_filepath"
_BOX = ("face_x", "face_y", "face_width", "face_height")
Classify = Callable[..., tuple[int | None, str]]
"""(id, where=...) -> class_of."""
_ABSENT = {"null", "none", "nan", ""}


def read_affectnet_csv(
    root: Path, options: Mapping[str, Any], labels: LabelSet
) -> Iterator[Listed]:
    """Read `Manually_Annotated_file_lists/{training,validation}.csv`.

    Args:
        root: the folder that also holds Manually_Annotated_Images; the tables may lie in it.
        options: `ids`: official or alphabetical; official after a look at their counts, if not
            given.
        labels: the classes.

    Yields:
        One sample per row, with box and landmarks in px of the picture, valence and arousal as
        attributes. What the label set does not have is left out, such as uncertain and no face.

    Raises:
        NoInputError: if neither table is there.
        DataError: naming the row that cannot be accepted, or if the ids are counted alphabetically.
    """
    base = first_there(root, _LISTS) or root
    tables = {split: base / name for split, name in _TABLES.items() if (base / name).exists()}
    if not tables:
        raise NoInputError(base / _TABLES["train"], "is not there, nor is validation.csv.")
    training = (
        _class(row, f"{tables['train']}, line {line}")
        for line, row in (_rows(tables["train"]) if "train" in tables else ())
    )
    order = order_of_ids(options, training, base)
    yield from each_once(
        _found(
            root, row, split, partial(class_of, order=order, labels=labels), f"{table}, line {line}"
        )
        for split, table in tables.items()
        for line, row in _rows(table)
    )


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    return rows(table, [_PATH], ["expression"])


def _class(row: Mapping[str, str], where: str) -> int:
    return whole_number(row["expression"], where)


def _found(
    root: Path, row: Mapping[str, str], split: str, classify: Classify, where: str
) -> Listed:
    file = safe_path(root / _IMAGES, row[_PATH].strip(), where)
    path = file.relative_to(root).as_posix()
    expression, word = classify(_class(row, where), where=where)
    if expression is None:
        return LeftOut(path, word, split)
    box = " ".join(row.get(name, "") for name in _BOX)
    sample = Sample(path, path, expression, split)
    return replace(
        sample,
        box=_given(box, 4, "face box", where),
        landmarks=_given(row.get("facial_landmarks", ""), 136, "facial_landmarks", where),
        attributes={
            what: intensity((numbers(row.get(what, ""), 1, what, where) or (-2.0,))[0], what, where)
            for what in ("valence", "arousal")
        },
    )


def _given(text: str, count: int, what: str, where: str) -> tuple[float, ...] | None:
    absent = all(word.lower() in _ABSENT for word in text.replace(";", " ").split())
    return None if absent else numbers(text, count, what, where)


AFFECTNET_CSV = Reader(
    read_affectnet_csv,
    needs_paths("|".join(f"{_LISTS}/{name}|{name}" for name in _TABLES.values()), _IMAGES),
    listed={"train": 414_799, "val": 5_500},
    options=AffectNetOptions,
)
