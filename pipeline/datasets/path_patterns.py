"""Takes persons and expressions from paths: options `person` and `expression`."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from errors import DataError, printable
from labels.reading import known_words
from pipeline.datasets.reader import LabelMapOptions, LeftOut
from store.records import Sample

_CANDIDATES = (
    r"([A-Za-z]{1,3}\d{1,4})[_-][^/]*$",
    r"([^/]+?)[_-]+\d+(?:\.\w+)?$",
    r"([^/_-]+)[_-][^/]*$",
    r"([^/]*[A-Za-z])\d+(?:\.\w+)?$",
    r"([^/]+)/[^/]+$",
)
"""Where a person or a clip may stand in a path; the first that fits is suggested."""

_FEWEST, _FIT = 3, 0.8


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise PydanticCustomError(
            "regex", "is no regular expression ({why})", {"why": str(error)}
        ) from error
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression, looked for anywhere in a picture's path."""


class PathOptions(LabelMapOptions, frozen=True):
    """Options that take labels or persons from paths: a regular expression, or its first group."""

    person: Pattern = ""
    expression: Pattern = ""


def part_of_path(pattern: str, path: str) -> str | None:
    """Return the part of a path that a pattern's first matching group takes; all, without groups.

    None if the pattern does not fit. Further groups do not count: one that differs between two
    names of a person would make two persons of them.
    """
    match = re.search(pattern, path)
    if match is None:
        return None
    return next(filter(None, match.groups()), "") if match.re.groups else match[0]


def label_of_path(pattern: str, path: str, where: str) -> str:
    """Return the word that option `expression` takes of a path.

    Raises:
        DataError: if the pattern does not fit.
    """
    word = part_of_path(pattern, path)
    if not word:
        raise DataError(
            where,
            f"option expression ({pattern}) finds no label in '{printable(path)}'. "
            "Correct the pattern, or move the file elsewhere.",
        )
    return word


def with_persons(
    listed: Iterable[Sample | LeftOut], pattern: str, where: str
) -> Iterator[Sample | LeftOut]:
    """Set the person of every sample without one, by a pattern on its path.

    Raises:
        DataError: if the pattern fits not one path.
    """
    fits, path = 0, ""
    for one in listed:
        if not pattern or not isinstance(one, Sample) or one.person is not None:
            yield one
            continue
        person, path = part_of_path(pattern, one.path) or None, one.path
        fits += person is not None
        yield replace(one, person=person)
    if path and not fits:
        raise DataError(
            where,
            f"option person ({pattern}) fits no path, such as '{printable(path)}'. Correct it.",
        )


def suggested_pattern(samples: Sequence[Sample]) -> str | None:
    """Return a pattern that may take persons out of the paths; None if none seems to.

    It must fit four fifths of the paths and make three groups or more, of two pictures or more on
    average. Groups that only repeat the expression do not count.
    """
    for pattern in _CANDIDATES:
        groups: dict[str, list[int]] = defaultdict(list)
        for sample in samples:
            name = part_of_path(pattern, sample.path)
            if name and not _is_label(name):
                groups[name].append(sample.expression)
        fitting = sum(map(len, groups.values()))
        many = len(groups) >= _FEWEST and fitting >= 2 * len(groups)
        if (
            many
            and fitting >= _FIT * len(samples)
            and not _repeats_labels(groups, len({sample.expression for sample in samples}))
        ):
            return pattern
    return None


def _is_label(name: str) -> bool:
    return any(word.lower() in known_words() for word in re.split(r"[^A-Za-z]+", name))


def _repeats_labels(groups: Mapping[str, Sequence[int]], classes: int) -> bool:
    """Say whether groups are the expressions themselves, under words of their own."""
    pure = all(len({*expressions}) == 1 for expressions in groups.values())
    return pure and len(groups) <= classes + 1
