"""AffectNet's copy on Kaggle with `labels.csv`: 96 px, labels that its folders do not have."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.labels import LabelSet
from errors import DataError
from pipeline.datasets.reader import (
    LayoutClue,
    Listed,
    Reader,
    class_or_reason,
    each_once,
    listed_as,
)
from pipeline.datasets.table import header_of, rows
from pipeline.paths import safe_path

_TABLE = "labels.csv"
_COLUMNS = ("pth", "label", "relfcs")


def read_affectnet_kaggle(
    root: Path, options: Mapping[str, Any], labels: LabelSet
) -> Iterator[Listed]:
    """Read `labels.csv` (pth, label, relFCs).

    Args:
        root: the folder that holds the table and the pictures' folders.
        options: none.
        labels: the classes.

    Yields:
        One sample per row, without a split; the label is the column's, not the folder's. Contempt
        is left out where the label set has no such class.

    Raises:
        NoInputError: if the table is not there.
        DataError: naming the line that cannot be accepted.
    """
    yield from each_once(_rows(root, labels))


def _rows(root: Path, labels: LabelSet) -> Iterator[Listed]:
    table = root / _TABLE
    for line, row in rows(table, *([name] for name in _COLUMNS)):
        where = f"{table}, line {line}"
        path = safe_path(root, row["pth"].strip(), where).relative_to(root).as_posix()
        found = class_or_reason(row["label"], {}, labels, where)
        yield listed_as(found, path, attributes={"relfcs": row["relfcs"]})


def _check_layout(root: Path) -> list[LayoutClue]:
    try:
        header = header_of(root / _TABLE) if (root / _TABLE).is_file() else []
    except DataError:
        header = []
    return [((f"{_TABLE} with columns pth, label, relFCs",), {*_COLUMNS} <= {*header})]


AFFECTNET_KAGGLE = Reader(
    read_affectnet_kaggle,
    _check_layout,
    note="This copy is small (96 px), was relabelled by a model, and names no split.",
)
