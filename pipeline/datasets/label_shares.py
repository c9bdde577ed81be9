"""Several people's labels of one face: columns or rows of a table become shares of the classes."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from contracts.files import VALENCE_AROUSAL_COLUMNS
from contracts.labels import LabelSet
from errors import DataError, printable
from pipeline.datasets.table import ABSENT
from pipeline.datasets.valence_arousal import mean_values
from store.records import LabelShares

ShareSource = Literal["none", "columns", "rows"]
"""Option `shares`: nowhere; a column per class, with numbers; a row per person who labelled it."""

NO_CLASS = "votes for no class of the label set alone"
"""Why a picture is left out that has votes, and none for a class."""

_TIE = "the first of the label set in a tie"

Vote = tuple[int | None, float]
"""Id of a class, None for what is no class of the label set; and how many."""


def shares_of_votes(votes: Iterable[Vote], classes: int) -> LabelShares | None:
    """Divide votes among the classes; None if no class has any.

    Args:
        votes: of one face; several for one class are added.
        classes: of the label set.
    """
    counts_K, outside = [0.0] * classes, 0.0
    for number, count in votes:
        if number is None:
            outside += count
        else:
            counts_K[number] += count
    total = sum(counts_K)
    if not total:
        return None
    return LabelShares(tuple(count / total for count in counts_K), total, outside)


def class_columns(
    header: Sequence[str], words: Mapping[str, str | None], labels: LabelSet, where: str
) -> dict[str, int | None]:
    """Return the columns that are named like a class, or another word of the label set -> its id.

    Args:
        header: names in lower case that stand for nothing else.
        words: option `label_map`: null for a column whose votes are for no class.
        labels: the classes; None for the words that the set leaves out.
        where: file and line, for messages.

    Raises:
        DataError: if fewer than two classes have a column, or one has two.
    """
    known = {word.strip().lower(): meant for word, meant in words.items()}
    found: dict[str, int | None] = {}
    for name in header:
        word = known.get(name, name)
        number = None if word is None else labels.find(word)
        if number is not None or word is None or word.strip().lower() in labels.left_out:
            found[name] = number
    taken: list[int | None] = [number for number in found.values() if number is not None]
    twice = [name for name, number in found.items() if taken.count(number) > 1]
    if twice:
        raise DataError(
            where,
            f"has several columns for one class: {printable(', '.join(twice))}. Remove all but "
            "one, or map the others to null with `label_map`.",
        )
    if len(taken) < 2:
        raise DataError(
            where,
            f"option shares is columns, and its columns ({printable(', '.join(header))[:200]}) "
            f"name {len(taken)} of the classes, where at least two are needed. Classes: "
            f"{', '.join(labels.names)}. Map other names with `label_map`.",
        )
    return found


def read_votes(row: Mapping[str, str], columns: Mapping[str, int | None], where: str) -> list[Vote]:
    """Read the votes of a row; none if all its fields are empty, or words such as NA.

    Args:
        row: of the table.
        columns: see `class_columns`. An empty field beside others is 0.
        where: file and line, for messages.

    Raises:
        DataError: for what is no number, negative or not finite, and if all are 0.
    """
    words = {name: row[name].strip() for name in columns}
    if all(word.lower() in ABSENT for word in words.values()):
        return []
    votes = [(columns[name], _vote(name, word, where)) for name, word in words.items()]
    if not sum(count for _, count in votes):
        raise DataError(
            where,
            f"gives no class a share: {printable(', '.join(columns))[:200]} are all 0. Leave "
            "them empty if nobody labelled the picture.",
        )
    return votes


def _vote(column: str, word: str, where: str) -> float:
    try:
        value = float(word or "0")
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise DataError(
            where,
            f"column {printable(column)} has '{printable(word[:40])}', which is no share: a "
            "number from 0 on is needed, of votes or a part of them.",
        )
    return value


class Ballot(NamedTuple):
    """A row of a table: one face, and what it is labelled as.

    Attributes:
        line: of the table.
        found: id of its class, or why it is left out.
        path: of the picture.
        split: as in Sample.
        annotator: who labelled it; empty where no column says so.
        about: further fields of Sample.
    """

    line: int
    found: int | str
    path: str
    split: str | None
    annotator: str
    about: dict[str, Any]


def merge_ballots(ballots: Iterable[Ballot], classes: int, table: str) -> Iterator[Ballot]:
    """Make one row of those of each face, every one of which is one person's label.

    Its label is the class with most of them, the first of the label set in a tie. Attributes that
    differ among the rows of any face are dropped from all; valence and arousal are averaged.

    Args:
        ballots: of all faces; a face is a picture, or a picture and a box.
        classes: of the label set.
        table: for messages.

    Raises:
        DataError: naming both lines, if rows of a face differ in what is of the face, or one
            person labelled it twice.
    """
    groups: dict[tuple[str, Any], list[Ballot]] = defaultdict(list)
    for one in ballots:
        groups[one.path, one.about.get("box")].append(one)
    dropped = {name for group in groups.values() for name in _differing(group)}
    for group in groups.values():
        _require_one_face(group, table)
        votes = [(None if isinstance(one.found, str) else one.found, 1.0) for one in group]
        shares, first = shares_of_votes(votes, classes), group[0]
        attributes = first.about.get("attributes", {})
        kept = {name: value for name, value in attributes.items() if name not in dropped}
        kept |= mean_values([one.about.get("attributes", {}) for one in group])
        about = {**first.about, "shares": shares, "attributes": kept}
        yield first._replace(found=shares.most[0] if shares else first.found, about=about)


def _differing(group: Sequence[Ballot]) -> list[str]:
    rows = [one.about.get("attributes", {}) for one in group]
    names = [name for name in rows[0] if name not in VALENCE_AROUSAL_COLUMNS]
    return [name for name in names if len({row.get(name) for row in rows}) > 1]


def _require_one_face(group: Sequence[Ballot], table: str) -> None:
    first, seen = group[0], dict[str, int]()
    for one in group:
        if one.annotator and one.annotator in seen:
            raise DataError(
                f"{table}, line {one.line}",
                f"'{printable(one.annotator)}' labelled '{printable(one.path)}' in line "
                f"{seen[one.annotator]}, too. Remove one of the lines.",
            )
        seen[one.annotator] = one.line
        pairs = {
            "split": (first.split, one.split),
            **{
                name: (first.about.get(name), one.about.get(name))
                for name in ("person", "landmarks", "aus")
            },
        }
        for name, (ours, theirs) in pairs.items():
            if ours != theirs:
                raise DataError(
                    f"{table}, line {one.line}",
                    f"says another {name} of '{printable(one.path)}' than line {first.line}. All "
                    "rows of a face have to agree in it; only the label is the annotator's.",
                )


def share_remarks(
    columns: Mapping[str, int | None], labels: LabelSet, source: ShareSource, label: str
) -> list[str]:
    """Return the sentences that tell the user where shares and labels came from."""
    if source == "rows":
        return [
            "every row is one person's label of a face (shares: rows); the label is that of most "
            f"rows, {_TIE}; of the other columns, those that differ among a face's rows are dropped"
        ]
    if source == "none":
        return []
    read = {name: one for name, one in columns.items() if one is not None}
    lacking = [name for number, name in enumerate(labels.names) if number not in read.values()]
    outside = [name for name in columns if name not in read]
    return [
        f"shares of the classes from the columns {printable(', '.join(read))}; the label is "
        + (f"column {label}'s and, where that is empty, " if label else "")
        + f"that with the largest share, {_TIE}",
        *([f"no column for {', '.join(lacking)}: its share is 0"] if lacking else []),
        *(
            [f"columns {printable(', '.join(outside))} stand for no class here: not in the shares"]
            if outside
            else []
        ),
    ]
