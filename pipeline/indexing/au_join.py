"""Joins tables of action units to the pictures of a dataset: by name, frame and face.

A row and a picture belong together if the end of one's path is the whole of the other's, endings
such as .jpg aside. A row of a video belongs to the picture whose name ends in the frame's number,
and which lies in a folder of the video's name, or begins with it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from contracts.surveys import Counts
from errors import DataError, printable
from pipeline.datasets.reader import ReaderOptions
from pipeline.faces.boxes import overlap
from pipeline.indexing.au_rows import CodedRow
from pipeline.indexing.au_tables import read_au_tables
from pipeline.paths import safe_path
from store.records import Sample

_LEAST_OVERLAP = 0.2
_NO_ROW = "without a row in the table"
_SEVERAL_PICTURES = "whose name fits a row that fits other pictures, too"


@dataclass(frozen=True, slots=True)
class JoinedUnits:
    """Samples with their own action units.

    Attributes:
        samples: in their order.
        missing: reason -> pictures that got none.
        unused_rows: of the table, which fit no picture.
    """

    samples: list[Sample]
    missing: Counts
    unused_rows: int


def join_units(samples: Sequence[Sample], root: Path, options: ReaderOptions) -> JoinedUnits:
    """Give samples the action units that a table has of their faces.

    Args:
        samples: of a dataset.
        root: its folder.
        options: its options `aus` and `aus_confidence`.

    Raises:
        NoInputError: if there is no table.
        DataError: if it joins nothing, or samples have action units of their own already.
    """
    if not options.aus:
        return JoinedUnits([*samples], {}, 0)
    place = safe_path(root, options.aus, "option aus")
    if any(one.aus is not None for one in samples):
        raise DataError(
            place, "the dataset's own table has a column of action units, too. Remove one of them."
        )
    rows = read_au_tables(place, options.aus_confidence)
    names = _Names(rows)
    groups = [names.rows_of(one) for one in samples]
    pictures = _pictures_of(samples, groups)
    joined, missing = [], Counter[str]()
    for one, group in zip(samples, groups, strict=True):
        lone = all(len(pictures[id(row)]) == 1 for row in group)
        found = _own_row(one, group) if lone else _SEVERAL_PICTURES
        if isinstance(found, str):
            missing[found] += 1
        joined.append(one if isinstance(found, str) else replace(one, aus=found.aus))
    if missing.total() == len(samples):
        raise _joins_nothing(place, rows, samples, missing)
    return JoinedUnits(joined, dict(missing), sum(not pictures[id(row)] for row in rows))


def _pictures_of(
    samples: Sequence[Sample], groups: Sequence[Sequence[CodedRow]]
) -> dict[int, set[str]]:
    """Return the pictures that every row fits, by the row's id."""
    found: dict[int, set[str]] = defaultdict(set)
    for one, group in zip(samples, groups, strict=True):
        for row in group:
            found[id(row)].add(one.path)
    return found


def _joins_nothing(
    place: Path, rows: Sequence[CodedRow], samples: Sequence[Sample], missing: Counts
) -> DataError:
    reasons = ", ".join(f"{count} {why}" for why, count in missing.items())
    frame = "" if rows[0].frame is None else f", frame {rows[0].frame}"
    return DataError(
        place,
        f"joins nothing to {len(samples)} pictures: {reasons}. Its first row is of "
        f"'{printable(rows[0].name)}'{frame}; the dataset's first picture is "
        f"'{printable(samples[0].path)}'. Is it the table of these pictures?",
    )


class _Names:
    """The rows of tables, by name."""

    def __init__(self, rows: Iterable[CodedRow]) -> None:
        self._whole: dict[str, list[CodedRow]] = defaultdict(list)
        for row in rows:
            self._whole["/".join(_parts(row.name))].append(row)
        self._ends: dict[str, set[str]] = defaultdict(set)
        for name in self._whole:
            for end in _ends(name.split("/")):
                self._ends[end].add(name)

    def rows_of(self, sample: Sample) -> list[CodedRow]:
        """Return the rows of a picture: by its own name, or by its video's and the frame."""
        parts = _parts(sample.path)
        found = self._named(parts)
        if found:
            return found
        frame = _frame_of(sample, parts[-1])
        clips = (self._named(clip) for clip in _clips(parts)) if frame is not None else ()
        of_frame = ([row for row in clip if row.frame == frame] for clip in clips)
        return next(filter(None, of_frame), [])

    def _named(self, parts: Sequence[str]) -> list[CodedRow]:
        for end in _ends(parts):
            if end in self._whole:
                return self._whole[end]
        longer = self._ends.get("/".join(parts), set())
        return self._whole[next(iter(longer))] if len(longer) == 1 else []


def _parts(path: str) -> tuple[str, ...]:
    """Return the parts of a path, the last one without the ending."""
    *folders, name = PurePosixPath(path.replace("\\", "/")).parts
    return (*(one for one in folders if one != "/"), re.sub(r"\.[A-Za-z]\w{1,4}$", "", name))


def _ends(parts: Sequence[str]) -> Iterator[str]:
    """Yield the ends of a path, the longest first."""
    return ("/".join(parts[start:]) for start in range(len(parts)))


def _frame_of(sample: Sample, stem: str) -> int | None:
    """Return the frame that a picture shows: its column `frame`, or the number its name ends in."""
    written = sample.attributes.get("frame", "").strip()
    ending = re.search(r"(\d+)$", written or stem)
    return int(ending[1]) if ending else None


def _clips(parts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield what the video of a picture may be called: a/b/c_12 may be of a/b/c, a/b or a_b."""
    *folders, stem = parts
    if before := re.sub(r"[\W_]*\d+$", "", stem):
        yield (*folders, before)
    if folders:
        yield tuple(folders)
    if len(folders) > 1:
        yield ("_".join(folders[-2:]),)


def _own_row(sample: Sample, rows: Sequence[CodedRow]) -> CodedRow | str:
    """Return the row of a sample's face among those of its picture; or why there is none."""
    usable = [row for row in rows if not row.unusable]
    if not usable:
        return f"whose row is {rows[0].unusable}" if rows else _NO_ROW
    boxed = [row for row in usable if row.box is not None]
    if sample.box is not None and boxed:
        shares = [overlap(sample.box, row.box or ()) for row in boxed]
        best = max(shares)
        return (
            boxed[shares.index(best)] if best >= _LEAST_OVERLAP else "whose row is of another face"
        )
    face = sample.attributes.get("face", "").strip()
    chosen = usable if len(usable) == 1 else [row for row in usable if face and row.face == face]
    return chosen[0] if len(chosen) == 1 else "with several faces in the table, and no box to tell"
