"""Counts and names, by kind, what lies in a dataset's folder and is not read."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from errors import DataError, NoInputError, printable
from pipeline.datasets.reader import LeftOut
from pipeline.datasets.walking import Contents
from pipeline.indexing.audit import PictureCheck
from store.records import Sample, Status

_SHOWN = 10
_LITTER = "litter "


def strays(contents: Contents, names: frozenset[str]) -> list[str]:
    """Return the pictures that no sample names, as they may be printed.

    Args:
        contents: of the dataset's folder.
        names: paths of the samples, relative to it.
    """
    return sorted(printable(path) for path in contents.pictures if path not in names)


def unread_findings(contents: Contents, unnamed: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return finding -> how many files, of which kinds, and the first by name."""
    litter = [one for one in contents.others if one.reason.startswith(_LITTER)]
    others = [one for one in contents.others if not one.reason.startswith(_LITTER)]
    return {
        "unnamed": _entry(unnamed),
        "not_read": {**_entry([one.path for one in others]), "kinds": _kinds(others)},
        "litter": {**_entry([one.path for one in litter]), "kinds": _kinds(litter)},
        "dead_links": _entry(contents.dead_links),
        "locked": _entry(contents.locked),
    }


def _entry(paths: Sequence[str]) -> dict[str, Any]:
    return {"pictures": len(paths), "first": [printable(path) for path in paths[:_SHOWN]]}


def _kinds(others: Sequence[LeftOut]) -> dict[str, int]:
    return dict(Counter(one.reason.removeprefix(_LITTER) for one in others).most_common())


def refuse_unlabelled(raw: Path, unnamed: Sequence[str], named: int, most: float, key: str) -> None:
    """Refuse a dataset if too many of its pictures have no row in its table.

    Args:
        raw: the dataset.
        unnamed: pictures in its folder that no row names.
        named: how many pictures rows name.
        most: the largest share that is allowed.
        key: of the parameter that says so, for the message.

    Raises:
        DataError: with the first of them.
    """
    everything = len(unnamed) + named
    if len(unnamed) > most * everything:
        raise DataError(
            raw,
            f"{len(unnamed)} of its {everything} pictures have no row in the table, such as "
            f"'{unnamed[0]}': more than {key} = {most:g} allows. Nothing was written. Add the "
            f"rows, move the pictures elsewhere, or raise {key}.",
        )


def refuse_all_missing(
    raw: Path, samples: Sequence[Sample], checks: Sequence[PictureCheck], contents: Contents
) -> None:
    """Refuse a table if none of its pictures is there."""
    if any(check.status != Status.MISSING for check in checks):
        return
    first = samples[0].path
    name = first.rpartition("/")[2]
    near = next((path for path in contents.pictures if path.rpartition("/")[2] == name), None)
    hint = (
        f" But there is '{printable(near)}': names start at {printable(str(raw))}." if near else ""
    )
    raise NoInputError(
        raw,
        f"not one of the {len(samples)} pictures that its labels name is there; the first is "
        f"'{printable(first)}'.{hint} Nothing was written. Correct the names, or the folder.",
    )


def outside_lines(raw: Path, checks: Sequence[PictureCheck], key: str) -> list[str]:
    """Say how many pictures lie behind links out of the folder.

    Raises:
        NoInputError: if all of them do.
    """
    count = sum(check.status == Status.OUTSIDE for check in checks)
    remedy = f"If you made these links, set {key}: true."
    if count == len(checks):
        raise NoInputError(
            raw, f"all {count} pictures lie behind links out of it. Nothing was written. {remedy}"
        )
    return [f"links out of the dataset's folder, not read: {count}. {remedy}"] if count else []


def unread_lines(findings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what is not read as one line per finding."""
    lines = (say(findings[kind]) for kind, say in _LINES.items() if findings[kind]["pictures"])
    return [*lines]


def _first(finding: Mapping[str, Any]) -> str:
    return f"{finding['pictures']}, such as '{finding['first'][0]}'"


def _by_kind(finding: Mapping[str, Any]) -> str:
    kinds = "; ".join(f"{count} {kind}" for kind, count in finding["kinds"].items())
    return f"{_first(finding)} ({kinds})"


_LINES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "unnamed": lambda one: f"files that no label names: {_first(one)}",
    "not_read": lambda one: f"files that are not read: {_by_kind(one)}",
    "litter": lambda one: f"litter of other programs, not read: {_by_kind(one)}",
    "dead_links": lambda one: (
        f"links that lead nowhere: {_first(one)}; `dvc repro` stops at them "
        "([Errno 2]): remove or mend them"
    ),
    "locked": lambda one: (
        f"folders that cannot be listed: {_first(one)}; change their rights: chmod u+rx"
    ),
}
