"""What a reader of a dataset is, and what readers share."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from contracts.labels import LabelSet
from errors import printable
from labels.reading import PUBLISHED
from store.records import Sample


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A picture that a dataset lists and a reader does not take.

    Attributes:
        path: relative to the dataset's root; or file and line, where no picture is named.
        reason: a few lower-case words, by which such pictures are counted.
        split: train, val or test, as the dataset says.
    """

    path: str
    reason: str
    split: str | None = None


Listed = Sample | LeftOut
Dataset = Callable[[Path, Mapping[str, Any], LabelSet], Iterator[Listed]]
"""(root, options, label set) -> everything that the dataset lists, in a fixed order."""

LayoutClue = tuple[tuple[str, ...], bool]
"""Paths of which one must be there, and whether one is."""

LayoutCheck = Callable[[Path], list[LayoutClue]]
"""root -> what the reader wants to see there."""


class ReaderOptions(BaseModel, frozen=True, extra="forbid"):
    """Options of every reader: a table of action units, and which of its rows are trusted."""

    aus: str = ""
    aus_confidence: float = Field(default=0.8, ge=0, le=1)


class LabelMapOptions(ReaderOptions, frozen=True, coerce_numbers_to_str=True):
    """The dataset's own words for expressions."""

    # word or digit -> expression, or null: left out; YAML reads a bare 4 as a number
    label_map: dict[str, str | None] = {}


@dataclass(frozen=True, slots=True)
class Reader:
    """A row of DATASETS.

    Attributes:
        read: lists the samples.
        check_layout: what a folder of this kind holds, for users who name no reader.
        listed: pictures per split as published, taken or left out.
        note: what users of this dataset should know.
        general: gives way to a reader that knows the dataset by name.
        options: what params.yaml may set.
        labels: the label set that suits the dataset.
        remarks: (root, options, label set) -> sentences that tell the user how the folder is read.
    """

    read: Dataset
    check_layout: LayoutCheck
    listed: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    general: bool = False
    options: type[ReaderOptions] = ReaderOptions
    labels: str = PUBLISHED
    remarks: Callable[[Path, Mapping[str, Any], LabelSet], list[str]] = lambda *_: []


def class_or_reason(
    label: str, words: Mapping[str, str | None], labels: LabelSet, where: str
) -> int | str:
    """Return the id of the class that a label means; or why its picture is left out.

    Args:
        label: as it stands in the dataset.
        words: option `label_map`.
        labels: the classes.
        where: file and row, for the message.

    Raises:
        DataError: if it means neither.
    """
    key = label if label in words else label.strip()
    word = words.get(key, label)
    if word is None:
        return f"'{printable(key[:40])}' is null in label_map"
    return labels.id_or_reason(word, where)


def listed_as(found: int | str, path: str, split: str | None = None, **about: Any) -> Listed:  # noqa: ANN401 - fields of Sample
    """Return a picture as a sample of a class, or as left out.

    Args:
        found: id of the class, or why it is left out.
        path: of the picture, which is the sample's id too.
        split: as in Sample.
        about: further fields of Sample.
    """
    if isinstance(found, str):
        return LeftOut(path, found, split)
    return Sample(path, path, found, split, **about)


def needs_paths(*clues: str) -> LayoutCheck:
    """Return a check for paths, alternatives separated by '|'."""

    def check_layout(root: Path) -> list[LayoutClue]:
        wanted = [tuple(clue.split("|")) for clue in clues]
        return [(names, any((root / name).exists() for name in names)) for names in wanted]

    return check_layout


def best_layout(*checks: LayoutCheck) -> LayoutCheck:
    """Return a check that reports the most complete of several layouts."""

    def check_layout(root: Path) -> list[LayoutClue]:
        seen = [one(root) for one in checks]
        return max(seen, key=lambda clues: sum(there for _, there in clues) / len(clues))

    return check_layout


_LOOK_AT = 100
_DEEP = 3


def entries(folder: Path, most: int | None = None) -> list[Path]:
    """Return what lies in a folder, at most so many; nothing if it cannot be listed."""
    try:
        return [*islice(folder.iterdir(), most)]
    except OSError:
        return []


def needs_named(example: str, pattern: str) -> LayoutCheck:
    """Return a check for a file whose whole name fits a pattern, in the folder or a little below.

    Args:
        example: of such a name, for messages.
        pattern: regular expression, in any case.
    """
    fits = re.compile(pattern, re.IGNORECASE).fullmatch

    def check_layout(root: Path) -> list[LayoutClue]:
        folders, found = [root], False
        for _ in range(_DEEP):
            below = [one for folder in folders for one in entries(folder, _LOOK_AT)]
            found = found or any(fits(one.name) for one in below)
            folders = [one for one in below if one.is_dir()][:_LOOK_AT]
        return [((example,), found)]

    return check_layout


def named_by_box(listed: Iterable[Listed]) -> Iterator[Listed]:
    """Make the box part of the ids of samples that show several faces of one picture."""
    everything = list(listed)
    counts = Counter(one.path for one in everything)
    for one in everything:
        if isinstance(one, Sample) and one.box is not None and counts[one.path] > 1:
            box = ",".join(f"{number:.10g}" for number in one.box)
            yield replace(one, id=f"{one.path}#{box}")
        else:
            yield one


def first_there(root: Path, *names: str) -> Path | None:
    """Return the first of several paths that exists."""
    return next((root / name for name in names if (root / name).exists()), None)


def each_once(pictures: Iterable[Listed]) -> Iterator[Listed]:
    """Take a picture that is listed several times once; not at all where its labels differ."""
    listed = list(pictures)
    labels: dict[str, set[int | str]] = defaultdict(set)
    for one in listed:
        labels[one.path].add(one.expression if isinstance(one, Sample) else one.reason)
    taken: set[str] = set()
    for one in listed:
        if not isinstance(one, Sample):
            yield one
        elif len(labels[one.path]) > 1:
            yield LeftOut(one.path, "labels that differ", one.split)
        elif one.path in taken:
            yield LeftOut(one.path, "listed before", one.split)
        else:
            taken.add(one.path)
            yield one
