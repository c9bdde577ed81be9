"""The page's section on a dataset: status of its pictures, failures, mean faces."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from anatomy.expressions import EXPRESSIONS
from report.figures.grids import Grid, GridRow
from report.figures.overlays import U8
from report.reading.results import Arrays, Json, checked
from report.tables.detail_tables import file_safe
from report.tables.table import ABSENT, Column, Table, make_table
from store.records import SPLITS, Status

SURVEY, PICTURES = "survey.json", "pictures.npz"


@dataclass(frozen=True, slots=True)
class FailedPicture:
    """A picture without a usable face; the image is None if it could not be read."""

    image: U8 | None
    title: str
    note: str


@dataclass(frozen=True, slots=True)
class SurveySection:
    """One dataset on the page.

    Attributes:
        title: its name.
        sentences: the outcome in words.
        counts: samples per split and expression.
        listed: counts in the labels, in the publication, and left out; None if unknown.
        audit: copies, leaks, contradictions, stray files; None if there are none.
        statuses: samples per expression and status.
        means: the mean face of every expression.
        failed: some of the pictures that failed.
        failures: number of pictures that failed.
    """

    title: str
    sentences: tuple[str, ...]
    counts: Table
    listed: Table | None
    audit: Table | None
    statuses: Table
    means: Grid
    failed: tuple[FailedPicture, ...]
    failures: int

    def tables(self) -> list[Table]:
        """Return its tables."""
        optional = (self.counts, self.listed, self.audit, self.statuses)
        return [table for table in optional if table is not None]


def load_surveys(results: Path) -> list[SurveySection]:
    """Read every finished survey below `results`; a dataset without one has no section.

    Raises:
        CorruptError: if a file is not the one that its manifest lists.
    """
    places = sorted(path.parent for path in results.glob(f"*/survey/{SURVEY}"))
    return [_load_survey(place) for place in places if not place.parent.name.startswith(".")]


def _load_survey(place: Path) -> SurveySection:
    checked(place, (SURVEY, PICTURES), "Make it again: `dvc repro survey`.")
    found: Json = json.loads((place / SURVEY).read_bytes())
    name = file_safe(place.parent.name)
    with np.load(place / PICTURES, allow_pickle=False) as opened:
        pictures: Arrays = dict(opened)
    total = sum(found["status"].values())
    return SurveySection(
        title=found["dataset"],
        sentences=_sentences(found, total),
        counts=counts_table(name, found["audit"]["counts"]),
        listed=listed_table(name, found["audit"].get("census")),
        audit=audit_table(name, found["audit"].get("found")),
        statuses=status_table(name, found["by_expression"]),
        means=_mean_grid(pictures),
        failed=tuple(
            FailedPicture(
                image if image.any() else None, row["id"], f"{row['status']} {row['detail']}"
            )
            for image, row in zip(pictures["failed"], found["failed"], strict=True)
        ),
        failures=total - found["status"].get(Status.OK, 0),
    )


def _sentences(found: Mapping[str, Any], total: int) -> tuple[str, ...]:
    good = found["status"].get(Status.OK, 0)
    return (
        f"{good:,} of {total:,} pictures have a face with landmarks ({good / max(total, 1):.1%}).",
        f"Landmarks found by: {_listed(found['backend'])}.",
        f"Remarks of the pipeline: {_listed(found['remark'])}.",
        *_audited(found["audit"].get("found")),
        *found["audit"].get("warnings", ()),
    )


def _audited(found: Mapping[str, Any] | None) -> tuple[str, ...]:
    if found is None:
        return ()
    return (
        "The findings of the audit are in a table below."
        if _findings(found)
        else "The audit found no copies, leaks, contradictions or stray files.",
    )


def _findings(found: Mapping[str, Any]) -> list[str]:
    """Return the kinds found; several pictures of a person count only if splits share them."""
    return [
        kind
        for kind, one in found.items()
        if one["pictures"] and (kind != "same_person" or one["across_splits"])
    ]


def _listed(counts: Mapping[str, int]) -> str:
    """Return 'a 5, b 2', the most frequent first; 'none' for nothing."""
    pairs = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} {count:,}" for name, count in pairs) or "none"


def counts_table(name: str, counts: Mapping[str, Mapping[str, int]]) -> Table:
    """Samples per expression and split, with sums."""
    rows = [(name, [counts[split][name] for split in SPLITS]) for name in EXPRESSIONS]
    sums = [sum(counts[split].values()) for split in SPLITS]
    return _table(f"{name}__samples", SPLITS, [*rows, ("all", sums)])


def status_table(name: str, by_expression: Mapping[str, Mapping[str, int]]) -> Table:
    """Samples per expression and status, with sums."""
    present = {status for counts in by_expression.values() for status in counts}
    statuses = [str(status) for status in Status if status in present]
    rows = [
        (name, [by_expression[name].get(status, 0) for status in statuses]) for name in EXPRESSIONS
    ]
    sums = [sum(column) for column in zip(*(numbers for _, numbers in rows), strict=True)]
    return _table(f"{name}__status", statuses, [*rows, ("all", sums)])


def listed_table(name: str, census: Mapping[str, Any] | None) -> Table | None:
    """Samples per split: listed in the labels, published, left out per reason."""
    if not census or not census["listed"]:
        return None
    splits = tuple(dict.fromkeys((*census["published"], *census["listed"])))

    def cells(counts: Mapping[str, int]) -> tuple[str, ...]:
        return tuple(f"{counts[split]:,}" if split in counts else ABSENT for split in splits)

    return make_table(
        f"{name}__listed",
        [
            Column("", "split", splits),
            Column("", "listed", cells(census["listed"])),
            Column("", "published", cells(census["published"]), optional=True),
            *(
                Column("left out", reason, cells(counts))
                for reason, counts in sorted(census["left_out"].items())
            ),
        ],
        text_columns=1,
    )


_FINDINGS = {
    "same_content": "the same content, byte for byte",
    "look_alike": "look-alikes",
    "same_person": "the same person",
    "contradicting_labels": "the same content, different labels",
    "unusable": "files that cannot be used",
    "too_large": "files too large to be compared",
    "unnamed": "files that no label names",
    "not_read": "files that are not read",
    "litter": "litter of other programs, not read",
    "dead_links": "links that lead nowhere",
    "locked": "folders that cannot be listed",
    "missing": "files that are not there",
}


def audit_table(name: str, found: Mapping[str, Any] | None) -> Table | None:
    """Findings of the index's audit, one row each; None if there are none."""
    kinds = _findings(found or {})
    if not found or not kinds:
        return None

    def counted(key: str) -> tuple[str, ...]:
        return tuple(f"{found[kind][key]:,}" if key in found[kind] else ABSENT for kind in kinds)

    return make_table(
        f"{name}__audit",
        [
            Column("", "finding", tuple(_FINDINGS.get(k, k.replace("_", " ")) for k in kinds)),
            Column("", "example", tuple(_example(found[kind].get("first")) for kind in kinds)),
            Column("", "pictures", counted("pictures")),
            Column("", "sets", counted("sets"), optional=True),
            Column("", "across splits", counted("across_splits"), optional=True),
        ],
        text_columns=2,
    )


def _example(first: Sequence[Any] | None) -> str:
    """Print the first finding: one name, or several as 'name (split) = name (split)'."""
    if not first:
        return ABSENT
    if isinstance(first[0], str):
        return first[0]
    return " = ".join(f"{name} ({split})" for name, split in first[0][:2])


def _table(name: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> Table:
    return Table(
        name=name,
        groups=(),
        head=("", *columns, "all"),
        rows=tuple(
            (words, *(f"{number:,}" for number in numbers), f"{sum(numbers):,}")
            for words, numbers in rows
        ),
        text_columns=1,
    )


def _mean_grid(pictures: Arrays) -> Grid:
    cells = tuple(
        image if count else "no face"
        for image, count in zip(pictures["mean"], pictures["count"], strict=True)
    )
    behind = f"of at most {int(pictures['count'].max())} faces"
    return Grid(EXPRESSIONS, (GridRow("mean face", ((behind, False),), cells),))
