"""What is wrong with a dataset as a whole: copies, leaks between splits, contradictions, strays."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from errors import DataError, printable
from pipeline.faces.decode import (
    PictureLimits,
    UndecodableError,
    content_digest,
    glance,
    read_picture,
)
from pipeline.indexing.perceptual_hash import NO_HASH, linked_sets, near_pairs, perceptual_hash
from store.records import SPLITS, Sample, Status

_SHOWN = 10
_COMPARE_LIMITS = PictureLimits(max_pixels=50_000_000, min_side_px=1)
"""What is decoded to be compared, in this process; what a picture may be, align decides."""

Rows = list[int]
AuditEntry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PictureCheck:
    """What one picture's file holds.

    Attributes:
        status: OK, or why it cannot be read.
        digest: of its bytes; empty if they cannot be read.
        perceptual_hash: 64 bits; NO_HASH if nobody asked, or it cannot be decoded.
        too_large: whether it was not compared for its size; align decides whether it is used.
    """

    status: Status
    digest: str = ""
    perceptual_hash: int = NO_HASH
    too_large: bool = False


def check_picture(root: Path, name: str, follow_links: bool, compare: bool) -> PictureCheck:
    """Look at one picture.

    Args:
        root: the dataset's folder, resolved.
        name: of the picture.
        follow_links: whether links may leave the folder.
        compare: whether to decode it for its perceptual hash.
    """
    digest = ""
    try:
        payload = read_picture(root, name, follow_links)
        digest = content_digest(payload)
        return PictureCheck(
            Status.OK,
            digest,
            perceptual_hash(glance(payload, _COMPARE_LIMITS)) if compare else NO_HASH,
        )
    except UndecodableError as error:
        if digest and error.status == Status.BOMB:
            return PictureCheck(Status.OK, digest, too_large=True)
        return PictureCheck(error.status, digest)


def same_content(checks: Sequence[PictureCheck]) -> list[Rows]:
    """Return the sets of rows whose files are equal, byte for byte."""
    return _repeated(check_picture.digest or None for check_picture in checks)


def look_alikes(checks: Sequence[PictureCheck], bits: int) -> list[Rows]:
    """Return the sets of rows whose pictures look alike; of equal files the first stands for all.

    Args:
        checks: one per row.
        bits: in how many of 64 their hashes may differ.
    """
    first: dict[str, int] = {}
    for row, check in enumerate(checks):
        if check.perceptual_hash != NO_HASH:
            first.setdefault(check.digest, row)
    rows = list(first.values())
    hashes, place = np.unique(
        np.array([checks[row].perceptual_hash for row in rows], np.uint64), return_inverse=True
    )
    equal: dict[int, int] = {}
    links = [(equal.setdefault(int(at), row), row) for at, row in zip(place, rows, strict=True)]
    links += [(equal[int(one)], equal[int(other)]) for one, other in near_pairs(hashes, bits)]
    return linked_sets(len(checks), links)


def audit(
    samples: Sequence[Sample],
    checks: Sequence[PictureCheck],
    alike: list[Rows],
) -> dict[str, AuditEntry]:
    """Find copies, look-alikes, contradictions and unusable files in a dataset.

    Args:
        samples: with their splits.
        checks: one per sample.
        alike: of `look_alikes`.

    Returns:
        Finding -> how many sets, pictures, sets across splits, and the first sets by name.
    """
    repeated = same_content(checks)
    copies = [rows for rows in repeated if len({samples[row].path for row in rows}) > 1]
    contradicting = [rows for rows in repeated if _contradicts([samples[row] for row in rows])]
    bad = [row for row, check in enumerate(checks) if check.status != Status.OK]
    large = [samples[row].id for row, check in enumerate(checks) if check.too_large]
    return {
        "same_content": _entry(samples, copies),
        "look_alike": _entry(samples, alike),
        "same_person": _entry(samples, _repeated(sample.person for sample in samples)),
        "contradicting_labels": _entry(samples, contradicting),
        "unusable": {
            "pictures": len(bad),
            "statuses": dict(sorted(Counter(checks[row].status for row in bad).items())),
            "first": [samples[row].id for row in bad[:_SHOWN]],
        },
        "too_large": {"pictures": len(large), "first": large[:_SHOWN]},
    }


def _contradicts(same: Sequence[Sample]) -> bool:
    """Say whether one face has two labels; faces with boxes of their own are different faces."""
    by_box = defaultdict(set)
    for sample in same:
        by_box[sample.box].add(sample.expression)
    return any(len(expressions) > 1 for expressions in by_box.values())


def _repeated(keys: Iterable[Hashable]) -> list[Rows]:
    sets = defaultdict(list)
    for row, key in enumerate(keys):
        if key is not None:
            sets[key].append(row)
    return [rows for rows in sets.values() if len(rows) > 1]


def _entry(samples: Sequence[Sample], sets: list[Rows]) -> AuditEntry:
    """Describe sets of rows; those across splits come first, with one of each split in front."""
    across = [rows for rows in sets if len({samples[row].split for row in rows}) > 1]
    inside = [rows for rows in sets if len({samples[row].split for row in rows}) == 1]
    return {
        "sets": len(sets),
        "pictures": sum(map(len, sets)),
        "across_splits": len(across),
        "first": [_named(samples, rows) for rows in (across + inside)[:_SHOWN]],
    }


def _named(samples: Sequence[Sample], rows: Rows) -> list[list[str]]:
    ahead = {samples[row].split: row for row in reversed(rows)}
    rest = [row for row in rows if row not in ahead.values()]
    return [
        [samples[row].id, str(samples[row].split)]
        for row in [*sorted(ahead.values()), *rest][: len(SPLITS)]
    ]


def refuse_twin_names(raw: Path, samples: Iterable[Sample]) -> None:
    """Refuse two samples whose names differ only in how their accents are encoded.

    Raises:
        DataError: naming both.
    """
    check: dict[str, str] = {}
    for sample in samples:
        other = check.setdefault(unicodedata.normalize("NFC", sample.id), sample.id)
        if other is not sample.id:
            raise DataError(
                raw,
                f"'{printable(sample.id)}' stands there twice ({other!a} and "
                f"{sample.id!a}). Nothing was written. Remove or rename one.",
            )


def refuse_leaks(
    raw: Path, findings: Mapping[str, AuditEntry], kinds: Sequence[str], key: str
) -> None:
    """Refuse a dataset whose splits share what they must not share.

    Args:
        raw: the dataset.
        findings: of `audit`.
        kinds: which findings are leaks, worst first.
        key: of the parameter that allows leaks, for the message.

    Raises:
        DataError: naming the first pairs.
    """
    for kind in kinds:
        count, first = findings[kind]["across_splits"], findings[kind]["first"]
        if count:
            pairs = "; ".join(_pair(names) for names in first[: min(count, 3)])
            raise DataError(
                raw,
                f"splits share pictures, so scores would be too good: {_FINDINGS[kind][0]} "
                f"in {count} sets, such as {pairs}. Nothing was written. Correct the splits, or "
                f"name none (AULens then keeps such pictures together), or set {key}: true.",
            )


def _pair(names: Sequence[Sequence[str]]) -> str:
    return " = ".join(f"'{printable(name)}' ({split})" for name, split in names[:2])


def audit_lines(findings: Mapping[str, AuditEntry]) -> list[str]:
    """Return what is wrong as one line per finding; persons only where splits share them."""
    lines = (say(title, findings[kind]) for kind, (title, say) in _FINDINGS.items())
    return [line for line in lines if line]


def _sets_line(title: str, finding: AuditEntry) -> str:
    if not finding["sets"]:
        return ""
    counted = f"sets {finding['sets']}, pictures {finding['pictures']}"
    across = f"across splits {finding['across_splits']}"
    return f"{title}: {counted}, {across}, such as {_pair(finding['first'][0])}"


def _persons_line(title: str, finding: AuditEntry) -> str:
    return _sets_line(title, finding) if finding["across_splits"] else ""


def _files_line(title: str, finding: AuditEntry) -> str:
    if not finding["pictures"]:
        return ""
    statuses = ", ".join(f"{name} {count}" for name, count in finding.get("statuses", {}).items())
    listed = f" ({statuses})" if statuses else ""
    return f"{title}: {finding['pictures']}{listed}, such as '{printable(finding['first'][0])}'"


_FINDINGS: dict[str, tuple[str, Callable[[str, AuditEntry], str]]] = {
    "same_content": ("the same content", _sets_line),
    "look_alike": ("look-alikes", _sets_line),
    "same_person": ("the same person", _persons_line),
    "contradicting_labels": ("the same content with different labels", _sets_line),
    "unusable": ("unusable", _files_line),
    "too_large": ("too large to be compared with others", _files_line),
}
"""Finding -> its title, and what makes a line of it."""
