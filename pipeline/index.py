"""Stage `index`: what a dataset holds, as one table; every later stage keeps its rows."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anatomy.codebooks import CODEBOOKS, codebook_of
from contracts.files import INDEX_COLUMNS
from contracts.labels import LabelSet
from contracts.surveys import Audit, DatasetSummary, Findings
from errors import NoInputError, NoPermissionError, printable
from labels.reading import read_labels
from pipeline.datasets import DATASETS
from pipeline.datasets.reader import LeftOut, Listed, Reader, ReaderOptions
from pipeline.datasets.walking import Contents, walk
from pipeline.indexing.au_coverage import (
    coded_units,
    coverage,
    coverage_remarks,
)
from pipeline.indexing.au_join import JoinedUnits, join_units
from pipeline.indexing.audit import (
    PictureCheck,
    audit,
    audit_lines,
    check_picture,
    look_alikes,
    refuse_leaks,
    refuse_twin_names,
    same_content,
)
from pipeline.indexing.dataset_summary import partition, summarize_dataset, summary_lines
from pipeline.indexing.fitness import (
    fitness_warnings,
    landmark_coverage,
    person_suggestion,
    persons_found,
    split_remedies,
)
from pipeline.indexing.folds import fold_remarks, with_folds
from pipeline.indexing.notice import read_notice
from pipeline.indexing.reader_detection import choose
from pipeline.indexing.sample_rows import attribute_columns, sample_row
from pipeline.indexing.share_coverage import share_coverage, share_remarks
from pipeline.indexing.splits import Shares, with_splits
from pipeline.indexing.unread import (
    outside_lines,
    refuse_all_missing,
    refuse_unlabelled,
    strays,
    unread_findings,
    unread_lines,
)
from pipeline.indexing.valence_arousal import brings_values, value_remarks
from pipeline.params import IndexParams
from progress import ProgressCallback
from store.building import building, is_built, read_manifest
from store.files import atomic_write, canonical_json
from store.records import SPLITS, Sample, Status
from store.tables import read_table, write_table
from validation import checked

if TYPE_CHECKING:
    import polars as pl

VERSION = 12
TABLE = "samples.csv"
LEFT_OUT = "left_out.csv"
AUDIT = "audit.json"


def index(
    raw: Path, out: Path, params: IndexParams, progress: ProgressCallback, rebuild: bool = False
) -> Audit:
    """Read a dataset, give every sample a split, and write the table.

    Args:
        raw: the dataset's folder; may be a symlink.
        out: the index; its last part is the dataset's name.
        params: which reader, and how to split.
        progress: called with (pictures checked, pictures in all, note).
        rebuild: replace whatever is there.

    Returns:
        The audit.

    Raises:
        NoInputError: if there is no folder, no reader for it, or not one picture in it.
        NoPermissionError: if not one picture can be read.
        UsageError: if an action unit of the label set cannot be drawn.
        DataError: if a label or path cannot be accepted, or splits share what they must not.
    """
    chosen = choose(raw, params.reader)
    reader = DATASETS[chosen.name]
    key = f"index.{out.name}"
    options: ReaderOptions = checked(reader.options, params.options, f"{key}.options")
    given = options.model_dump(exclude_unset=True)
    labels = read_labels(params.labels)
    for book in CODEBOOKS:  # a set that cannot be drawn would stop `heatmap`, after the faces
        codebook_of(labels, book)
    listed = list(reader.read(raw, given, labels))
    contents = walk(raw)
    taken, left_out = _taken(raw, listed, chosen.name, contents)
    unnamed = strays(contents, frozenset(one.path for one in listed))
    if reader.general:  # published sets bring pictures that their labels do not name
        refuse_unlabelled(raw, unnamed, len(listed), params.max_unlabelled, f"{key}.max_unlabelled")
    checks = _check_pictures(taken, raw.resolve(), params, progress)
    refuse_all_missing(raw, taken, checks, contents)
    alike = look_alikes(checks, params.look_alike_bits)
    joined = join_units(taken, raw, options)
    samples = _split(joined.samples, checks, alike, params, key)
    wrong = audit(samples, checks, alike)
    refuse_leaks(raw, wrong, _leaks(params), f"{key}.allow_leak")
    units = coded_units(samples)
    rows = [
        sample_row(one, units, check.digest, labels)
        for one, check in zip(samples, checks, strict=True)
    ]
    others = _others([*left_out, *contents.others])
    record = _record(
        samples,
        labels,
        summarize_dataset(listed, chosen),
        {**wrong, **unread_findings(contents, unnamed)},
        (
            _remarks(raw, reader, given, (samples, labels), key),
            outside_lines(raw, checks, f"{key}.follow_links"),
        ),
        joined,
    )
    kept: dict[str, Any] = {"attributes": attribute_columns(rows), "units": [*units]}
    kept |= {"valence_arousal": True} if brings_values(samples) else {}
    about = _about(raw, out.name, chosen.name, params, labels) | kept
    fingerprint = _fingerprint(params, about, [*rows, *others], record)
    if rebuild or not is_built(out, fingerprint):
        with building(out, fingerprint, about) as folder:
            _write(folder, rows, others, record)
    return record


def _taken(
    raw: Path, listed: Sequence[Listed], reader: str, contents: Contents
) -> tuple[list[Sample], list[LeftOut]]:
    """Return what a reader took and what it left out, once it took anything."""
    taken, left_out = partition(listed)
    if not taken:
        reasons = Counter(one.reason for one in (*left_out, *contents.others))
        there = "; ".join(f"{count} {reason}" for reason, count in reasons.most_common(5))
        hint = f" Left out or not read: {there}." if there else ""
        raise NoInputError(
            raw, f"reader {reader} finds no picture in it.{hint} Is it the right folder?"
        )
    refuse_twin_names(raw, taken)
    return taken, left_out


def _remarks(
    raw: Path,
    reader: Reader,
    given: Mapping[str, Any],
    found: tuple[Sequence[Sample], LabelSet],
    key: str,
) -> list[str]:
    """Return the sentences that tell the user how the folder was read."""
    samples, labels = found
    told_by_paths = "person" in reader.options.model_fields
    suggested = person_suggestion(samples, f"{key}.options") if told_by_paths else []
    persons = persons_found(samples) if given.get("person") else []
    folds = fold_remarks(samples, "matrix.repeats")
    read = [*reader.remarks(raw, given, labels), *landmark_coverage(samples), *persons, *suggested]
    return [*read, *split_remedies(samples, key), *folds]


def _others(left_out: Sequence[LeftOut]) -> list[dict[str, object]]:
    return [{"path": one.path, "reason": one.reason, "split": one.split} for one in left_out]


def _record(
    samples: Sequence[Sample],
    labels: LabelSet,
    counted: DatasetSummary,
    wrong: Mapping[str, Any],
    said: tuple[list[str], list[str]],
    joined: JoinedUnits,
) -> Audit:
    """Put the audit together. said: how the folder was read, and what lies outside it."""
    remarks, outside = said
    aus = coverage(samples, joined.missing, joined.unused_rows)
    shares = share_coverage(samples)
    return Audit(
        counts=_counts(samples, labels),
        persons=_persons(samples),
        summary=counted,
        found=Findings(**wrong),
        lines=[*audit_lines(wrong), *unread_lines(wrong), *outside],
        remarks=[
            *remarks,
            *coverage_remarks(aus),
            *share_remarks(shares),
            *value_remarks(samples),
        ],
        warnings=fitness_warnings(samples, labels),
        aus=aus,
        shares=shares,
    )


def _about(
    raw: Path, name: str, reader: str, params: IndexParams, labels: LabelSet
) -> dict[str, Any]:
    notice = read_notice(raw.resolve(), params.follow_links, f"index.{name}.follow_links")
    return {
        **{"dataset": name, "reader": reader, "root": str(raw), "notice": notice},
        "follow_links": params.follow_links,
        "labels": labels.as_json(),
    }


def _write(
    folder: Path,
    rows: Sequence[Mapping[str, object]],
    others: Sequence[Mapping[str, object]],
    record: Audit,
) -> None:
    write_table(folder / TABLE, [*INDEX_COLUMNS, *attribute_columns(rows)], rows)
    write_table(folder / LEFT_OUT, ["path", "reason", "split"], others)
    atomic_write(folder / AUDIT, canonical_json(record.model_dump(mode="json", exclude_unset=True)))


def _check_pictures(
    samples: Sequence[Sample], root: Path, params: IndexParams, progress: ProgressCallback
) -> list[PictureCheck]:
    """Check every picture, in this process: reading and decoding takes under 1 ms per face."""
    compare = params.look_alikes != "ignore"
    checks = []
    for number, sample in enumerate(samples, start=1):
        checks.append(check_picture(root, sample.path, params.follow_links, compare))
        if number % 64 == 0 or number == len(samples):
            progress(number, len(samples), "")
    if all(check.status == Status.UNREADABLE for check in checks):
        raise NoPermissionError(
            root,
            f"not one of its {len(checks)} pictures can be read; the first is "
            f"'{printable(samples[0].id)}'. Nothing was written. Change the rights of the files.",
        )
    return checks


def _split(
    samples: Sequence[Sample],
    checks: Sequence[PictureCheck],
    alike: list[list[int]],
    params: IndexParams,
    key: str,
) -> list[Sample]:
    """Give every sample a split and a fold; copies stay together."""
    together = same_content(checks) + (alike if params.look_alikes == "refuse" else [])
    twins = [(rows[0], row) for rows in together for row in rows[1:]]
    split = with_splits(samples, Shares(params.val, params.test, params.seed), twins)
    return with_folds(split, params.folds, params.seed, f"{key}.folds", twins)


def _leaks(params: IndexParams) -> tuple[str, ...]:
    """Name the findings that must not cross splits."""
    if params.allow_leak:
        return ()
    sure = ("same_content", "same_person")
    return (*sure, "look_alike") if params.look_alikes == "refuse" else sure


def _fingerprint(
    params: IndexParams,
    about: Mapping[str, Any],
    rows: Sequence[Mapping[str, object]],
    record: Audit,
) -> dict[str, Any]:
    table = {
        "rows": [sorted(row.items()) for row in rows],
        "audit": record.model_dump(mode="json", exclude_unset=True),
    }
    return {
        "stage": "index",
        "version": VERSION,
        "params": params.model_dump(mode="json"),
        "about": about,
        "content": hashlib.sha256(canonical_json(table)).hexdigest(),
    }


def read_index(path: Path) -> tuple["pl.DataFrame", dict[str, Any]]:
    """Return the table of samples and the manifest.

    Raises:
        NoInputError: if the index is not there, or is an output of another stage.
    """
    manifest = read_manifest(path)
    if TABLE not in manifest["files"]:
        raise NoInputError(path, f"is no index (it has no {TABLE}). Name the output of `index`.")
    return read_table(path / TABLE), manifest


def _counts(samples: Iterable[Sample], labels: LabelSet) -> dict[str, dict[str, int]]:
    counted = Counter((sample.split, sample.expression) for sample in samples)
    return {
        split: {name: counted[split, number] for number, name in enumerate(labels.names)}
        for split in SPLITS
    }


def _persons(samples: Iterable[Sample]) -> dict[str, int]:
    persons = {(sample.split, sample.person) for sample in samples if sample.person is not None}
    return {split: sum(of == split for of, _ in persons) for split in SPLITS}


def summary(record: Audit) -> str:
    """Return what was read, split -> expression -> count, and what is wrong, as aligned text."""
    names = list(next(iter(record.counts.values())))
    lines = ["split  " + "".join(f"{name:>11}" for name in names) + f"{'all':>9}"]
    for split, by_name in record.counts.items():
        cells = "".join(f"{by_name[name]:>11}" for name in names)
        lines.append(f"{split:<7}{cells}{sum(by_name.values()):>9}")
    remarks = [f"note: {remark}" for remark in record.remarks]
    warnings = [f"WARNING: {warning}" for warning in record.warnings]
    return "\n".join([summary_lines(record.summary), *lines, *record.lines, *remarks, *warnings])
