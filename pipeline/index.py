"""Stage `index`: what a dataset holds, as one table; every later stage keeps its rows."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from anatomy.expressions import EXPRESSIONS
from errors import NoInputError
from pipeline.census import census, divided
from pipeline.census import told as told_census
from pipeline.cluster import Tell
from pipeline.datasets import DATASETS
from pipeline.datasets.reader import LeftOut
from pipeline.decode import UndecodableError, content_digest, read_bytes
from pipeline.detect import choose
from pipeline.paths import safe_path
from pipeline.splits import Shares, with_splits
from store.building import building, is_built, read_manifest
from store.files import atomic_write, canonical_json
from store.records import SPLITS, Sample
from store.tables import Row, read_table, write_table

VERSION = 2
TABLE = "samples.csv"
LEFT_OUT = "left_out.csv"
AUDIT = "audit.json"
NOTICE = "NOTICE.txt"
_COLUMNS = ("id", "path", "expression", "split", "person", "box", "landmarks", "digest")


class IndexParams(BaseModel, frozen=True, extra="forbid"):
    """[index.<dataset>] in params.yaml."""

    reader: str
    options: dict[str, Any]
    seed: int = Field(ge=0)
    val: float = Field(ge=0, lt=1)
    test: float = Field(ge=0, lt=1)


def index(
    raw: Path, out: Path, params: IndexParams, tell: Tell, rebuild: bool = False
) -> dict[str, Any]:
    """Read a dataset, give every sample a split, and write the table.

    Args:
        raw: the dataset's folder; may be a symlink.
        out: the index; its last part is the dataset's name.
        params: which reader, and how to split.
        tell: progress.
        rebuild: replace whatever is there.

    Returns:
        The audit: counts (split -> expression -> count), persons a split, and the census of what
        the reader found, took and left out.

    Raises:
        NoInputError: if there is no folder, no reader for it, or not one picture in it.
        DataError: if a label or path cannot be accepted.
    """
    chosen = choose(raw, params.reader)
    found = list(DATASETS[chosen.name].read(raw, params.options))
    taken, left_out = divided(found)
    samples = with_splits(taken, Shares(params.val, params.test, params.seed))
    if not samples:
        raise NoInputError(
            raw, f"reader {chosen.name} finds no picture in it. Is it the right folder?"
        )
    rows = [
        _row(sample, raw, tell, number, len(samples))
        for number, sample in enumerate(samples, start=1)
    ]
    audit = {
        "counts": _counts(samples),
        "persons": _persons(samples),
        "census": census(found, chosen),
    }
    notice = (raw / NOTICE).read_text("utf-8").strip() if (raw / NOTICE).is_file() else None
    about = {"dataset": out.name, "reader": chosen.name, "root": str(raw), "notice": notice}
    others = _others(left_out)
    fingerprint = _fingerprint(params, about, [*rows, *others], audit)
    if rebuild or not is_built(out, fingerprint):
        with building(out, fingerprint, about) as folder:
            extra = {name for sample in samples for name in sample.attributes} - {*_COLUMNS}
            write_table(folder / TABLE, [*_COLUMNS, *sorted(extra)], rows)
            write_table(folder / LEFT_OUT, ["path", "reason", "split"], others)
            atomic_write(folder / AUDIT, canonical_json(audit))
    return audit


def _others(left_out: Sequence[LeftOut]) -> list[dict[str, object]]:
    return [{"path": one.path, "reason": one.reason, "split": one.split} for one in left_out]


def _fingerprint(
    params: IndexParams,
    about: Mapping[str, Any],
    rows: Sequence[Mapping[str, object]],
    audit: Mapping[str, object],
) -> dict[str, Any]:
    table = {"rows": [sorted(row.items()) for row in rows], "audit": audit}
    return {
        "stage": "index",
        "version": VERSION,
        "params": params.model_dump(mode="json"),
        "about": about,
        "content": hashlib.sha256(canonical_json(table)).hexdigest(),
    }


def read_index(path: Path) -> tuple[list[Row], dict[str, Any]]:
    """Return the table of samples and the manifest.

    Raises:
        NoInputError: if the index is not there, or is an output of another stage.
    """
    manifest = read_manifest(path)
    if TABLE not in manifest["files"]:
        raise NoInputError(path, f"is no index (it has no {TABLE}). Name the output of `index`.")
    return read_table(path / TABLE), manifest


def _row(sample: Sample, raw: Path, tell: Tell, number: int, total: int) -> dict[str, object]:
    try:
        content = content_digest(read_bytes(safe_path(raw, sample.path, str(raw))))
    except UndecodableError:
        content = ""  # its status is found, and recorded, by align
    if number % 64 == 0 or number == total:
        tell(number, total, "")
    return {
        **sample.attributes,
        "id": sample.id,
        "path": sample.path,
        "expression": EXPRESSIONS[sample.expression],
        "split": sample.split,
        "person": sample.person,
        "box": _joined(sample.box),
        "landmarks": _joined(sample.landmarks),
        "digest": content,
    }


def _joined(numbers: Sequence[float] | None) -> str:
    return " ".join(f"{number:.10g}" for number in numbers or ())


def _counts(samples: Iterable[Sample]) -> dict[str, dict[str, int]]:
    counted = Counter((sample.split, sample.expression) for sample in samples)
    return {
        split: {name: counted[split, number] for number, name in enumerate(EXPRESSIONS)}
        for split in SPLITS
    }


def _persons(samples: Iterable[Sample]) -> dict[str, int]:
    persons = {(sample.split, sample.person) for sample in samples if sample.person is not None}
    return {split: sum(of == split for of, _ in persons) for split in SPLITS}


def summary(audit: Mapping[str, Any]) -> str:
    """Return what the reader found, and split -> expression -> count, as aligned text."""
    counts: Mapping[str, Mapping[str, int]] = audit["counts"]
    names = list(next(iter(counts.values())))
    lines = ["split  " + "".join(f"{name:>11}" for name in names) + f"{'all':>9}"]
    for split, by_name in counts.items():
        cells = "".join(f"{by_name[name]:>11}" for name in names)
        lines.append(f"{split:<7}{cells}{sum(by_name.values()):>9}")
    return "\n".join([told_census(audit["census"]), *lines])
