"""The page's section on a dataset: status of its pictures, failures, mean faces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contracts.files import read_contract
from contracts.surveys import (
    AUCoverage,
    DatasetSummary,
    FilesFound,
    Findings,
    SetsFound,
    ShareCoverage,
    Survey,
)
from report.figures.grids import Grid, GridRow
from report.figures.overlays import U8
from report.finished import SURVEY
from report.reading.results import checked
from report.reading.studies import Arrays
from report.tables.detail_tables import file_safe
from report.tables.table import ABSENT, Column, Table, make_table
from store.records import SPLITS, Status

PICTURES = "pictures.npz"
_REMEDY = "Make it again: `dvc repro survey`."


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
        listed: counts in the labels, in the publication, and left out.
        audit: copies, leaks, contradictions, stray files; None if there are none.
        statuses: samples per expression and status.
        means: the mean face of every expression.
        failed: some of the pictures that failed.
        failures: number of pictures that failed.
    """

    title: str
    sentences: tuple[str, ...]
    counts: Table
    listed: Table
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
    checked(place, (SURVEY, PICTURES), _REMEDY)
    found = read_contract(Survey, place / SURVEY, _REMEDY)
    name = file_safe(place.parent.name)
    with np.load(place / PICTURES, allow_pickle=False) as opened:
        pictures: Arrays = dict(opened)
    total = sum(found.status.values())
    return SurveySection(
        title=found.dataset,
        sentences=_sentences(found, total),
        counts=counts_table(name, found.audit.counts, found.classes),
        listed=listed_table(name, found.audit.summary),
        audit=audit_table(name, found.audit.found),
        statuses=status_table(name, found.by_expression, found.classes),
        means=_mean_grid(pictures, found.classes),
        failed=tuple(
            FailedPicture(image if image.any() else None, row.id, f"{row.status} {row.detail}")
            for image, row in zip(pictures["failed"], found.failed, strict=True)
        ),
        failures=total - found.status.get(Status.OK, 0),
    )


def _sentences(found: Survey, total: int) -> tuple[str, ...]:
    good = found.status.get(Status.OK, 0)
    return (
        f"{good:,} of {total:,} pictures have a face with landmarks ({good / max(total, 1):.1%}).",
        f"Landmarks found by: {_listed(found.backend)}.",
        f"Remarks of the pipeline: {_listed(found.remark)}.",
        _occluded(found),
        "The findings of the audit are in a table below."
        if _present(found.audit.found)
        else "The audit found no copies, leaks, contradictions or stray files.",
        *_own_units(found.audit.aus),
        *_shares(found.audit.shares),
        *found.audit.warnings,
    )


def _own_units(found: AUCoverage | None) -> list[str]:
    """Say on how many pictures action units of their own were coded; nothing if on none."""
    if found is None:
        return []
    named = " ".join(map(str, found.units))
    text = (
        f"Action units of their own (AU{named}) were coded on {found.coded:,} of {found.total:,} "
        f"pictures; on {found.active:,} of them one acts."
    )
    missing = ", ".join(f"{count:,} {why}" for why, count in sorted(found.missing.items()))
    return [text, *([f"Pictures without: {missing}."] if missing else [])]


def _shares(found: ShareCoverage | None) -> list[str]:
    """Say on how many pictures several people's labels are known; nothing if on none."""
    if found is None:
        return []
    return [
        f"Shares of the classes are known of {found.known:,} of {found.total:,} pictures, from "
        f"{found.votes:.3g} labels each on average; the largest share is {found.agreement:.3f} on "
        f"average. On {found.tied:,} pictures several classes have the largest share."
    ]


def _occluded(found: Survey) -> str:
    if found.occluded is None:
        return "How many faces something covers is not known: too few to tell what is usual."
    return (
        f"{found.occluded:,} faces look occluded, a guess from pixels: more of their patches than "
        "`survey.occluded.share` are unusual."
    )


def _present(found: Findings) -> dict[str, SetsFound | FilesFound]:
    """Return what was found; several pictures of a person count only if splits share them."""
    shared_persons = found.same_person.across_splits > 0
    return {
        kind: one
        for kind, one in found
        if one.pictures and (kind != "same_person" or shared_persons)
    }


def _listed(counts: Mapping[str, int]) -> str:
    """Return 'a 5, b 2', the most frequent first; 'none' for nothing."""
    pairs = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} {count:,}" for name, count in pairs) or "none"


def counts_table(
    name: str, counts: Mapping[str, Mapping[str, int]], classes: Sequence[str]
) -> Table:
    """Samples per expression and split, with sums."""
    rows = [(one, [counts[split][one] for split in SPLITS]) for one in classes]
    sums = [sum(counts[split].values()) for split in SPLITS]
    return _table(f"{name}__samples", SPLITS, [*rows, ("all", sums)])


def status_table(
    name: str, by_expression: Mapping[str, Mapping[str, int]], classes: Sequence[str]
) -> Table:
    """Samples per expression and status, with sums."""
    present = {status for counts in by_expression.values() for status in counts}
    statuses = [str(status) for status in Status if status in present]
    rows = [(one, [by_expression[one].get(status, 0) for status in statuses]) for one in classes]
    sums = [sum(column) for column in zip(*(numbers for _, numbers in rows), strict=True)]
    return _table(f"{name}__status", statuses, [*rows, ("all", sums)])


def listed_table(name: str, summary: DatasetSummary) -> Table:
    """Samples per split: listed in the labels, published, left out per reason."""
    splits = tuple(dict.fromkeys((*summary.published, *summary.listed)))

    def cells(counts: Mapping[str, int]) -> tuple[str, ...]:
        return tuple(f"{counts[split]:,}" if split in counts else ABSENT for split in splits)

    return make_table(
        f"{name}__listed",
        [
            Column("", "split", splits),
            Column("", "listed", cells(summary.listed)),
            Column("", "published", cells(summary.published), optional=True),
            *(
                Column("left out", reason, cells(counts))
                for reason, counts in sorted(summary.left_out.items())
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
}


def audit_table(name: str, findings: Findings) -> Table | None:
    """Findings of the index's audit, one row each; None if there are none."""
    present = _present(findings)
    if not present:
        return None

    def counted(key: str) -> tuple[str, ...]:
        numbers = (getattr(one, key, None) for one in present.values())  # files come in no sets
        return tuple(ABSENT if number is None else f"{number:,}" for number in numbers)

    return make_table(
        f"{name}__audit",
        [
            Column("", "finding", tuple(_FINDINGS[kind] for kind in present)),
            Column("", "example", tuple(map(_example, present.values()))),
            Column("", "pictures", counted("pictures")),
            Column("", "sets", counted("sets"), optional=True),
            Column("", "across splits", counted("across_splits"), optional=True),
        ],
        text_columns=2,
    )


def _example(found: SetsFound | FilesFound) -> str:
    """Print the first finding: one name, or two as 'name (split) = name (split)'."""
    if isinstance(found, FilesFound):
        return found.first[0]
    return " = ".join(f"{name} ({split})" for name, split in found.first[0][:2])


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


def _mean_grid(pictures: Arrays, classes: tuple[str, ...]) -> Grid:
    cells = tuple(
        image if count else "no face"
        for image, count in zip(pictures["mean"], pictures["count"], strict=True)
    )
    behind = f"of at most {int(pictures['count'].max())} faces"
    return Grid(classes, (GridRow("mean face", ((behind, False),), cells),))
