"""The page's part on data: what became of a dataset's pictures, the failures, the mean faces."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from anatomy.expressions import EXPRESSIONS
from report.grids import U8, Grid, Line
from report.results import Arrays, Json, checked
from report.tables import Table
from store.records import SPLITS, Status

SURVEY, PICTURES = "survey.json", "pictures.npz"


@dataclass(frozen=True, slots=True)
class Thumb:
    """A picture that failed: None where not even the picture could be read."""

    image: U8 | None
    title: str
    note: str


@dataclass(frozen=True, slots=True)
class Data:
    """One dataset on the page.

    Attributes:
        title: its name.
        sentences: the outcome in words.
        counts: samples a split and an expression.
        statuses: what became of them, an expression a row.
        means: the mean face of every expression.
        failed: some of the pictures that failed.
        failures: how many failed.
    """

    title: str
    sentences: tuple[str, ...]
    counts: Table
    statuses: Table
    means: Grid
    failed: tuple[Thumb, ...]
    failures: int


def load_data(results: Path) -> list[Data]:
    """Read every finished survey below `results`; a dataset without one has no part.

    Raises:
        CorruptError: if a file is not the one that its manifest lists.
    """
    places = sorted(path.parent for path in results.glob(f"*/survey/{SURVEY}"))
    return [_data(place) for place in places if not place.parent.name.startswith(".")]


def _data(place: Path) -> Data:
    checked(place, (SURVEY, PICTURES), "Make it again: `dvc repro survey`.")
    found: Json = json.loads((place / SURVEY).read_bytes())
    with np.load(place / PICTURES, allow_pickle=False) as opened:
        pictures: Arrays = dict(opened)
    total = sum(found["status"].values())
    return Data(
        title=found["dataset"],
        sentences=_sentences(found, total),
        counts=counts_table(found["audit"]["counts"]),
        statuses=status_table(found["by_expression"]),
        means=_mean_grid(pictures),
        failed=tuple(
            Thumb(image if image.any() else None, row["id"], f"{row['status']} {row['detail']}")
            for image, row in zip(pictures["failed"], found["failed"], strict=True)
        ),
        failures=total - found["status"].get(Status.OK, 0),
    )


def _sentences(found: Mapping[str, Any], total: int) -> tuple[str, ...]:
    good = found["status"].get(Status.OK, 0)
    return (
        f"{good:,} of {total:,} pictures have a face with landmarks ({good / max(total, 1):.1%}).",
        f"Found by {_listed(found['backend'])}.",
        f"Remarks on them: {_listed(found['remark'])}.",
        *(f"Audit: {line}." for line in found["audit"].get("lines", ())),
    )


def _listed(counts: Mapping[str, int]) -> str:
    """Return 'a 5, b 2', the most frequent first; 'none' for nothing."""
    pairs = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} {count:,}" for name, count in pairs) or "none"


def counts_table(counts: Mapping[str, Mapping[str, int]]) -> Table:
    """Samples of every expression in every split, with sums."""
    rows = [(name, [counts[split][name] for split in SPLITS]) for name in EXPRESSIONS]
    sums = [sum(counts[split].values()) for split in SPLITS]
    return _table(SPLITS, [*rows, ("all", sums)])


def status_table(by_expression: Mapping[str, Mapping[str, int]]) -> Table:
    """Samples of every expression by what became of them, with sums."""
    present = {status for counts in by_expression.values() for status in counts}
    statuses = [str(status) for status in Status if status in present]
    rows = [
        (name, [by_expression[name].get(status, 0) for status in statuses]) for name in EXPRESSIONS
    ]
    sums = [sum(column) for column in zip(*(numbers for _, numbers in rows), strict=True)]
    return _table(statuses, [*rows, ("all", sums)])


def _table(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> Table:
    return Table(
        groups=(),
        head=("", *columns, "all"),
        rows=tuple(
            (name, *(f"{number:,}" for number in numbers), f"{sum(numbers):,}")
            for name, numbers in rows
        ),
        texts=1,
    )


def _mean_grid(pictures: Arrays) -> Grid:
    cells = tuple(
        image if count else "no face"
        for image, count in zip(pictures["mean"], pictures["count"], strict=True)
    )
    behind = f"of at most {int(pictures['count'].max())} faces"
    return Grid(EXPRESSIONS, (Line("mean face", ((behind, False),), cells),))
