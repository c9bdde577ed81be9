"""FER+: the faces of FER2013 with ten votes each, and what to make of votes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from contracts.labels import LabelSet
from errors import DataError, NoInputError, printable
from pipeline.datasets.label_shares import shares_of_votes
from pipeline.datasets.reader import (
    LeftOut,
    Listed,
    Reader,
    ReaderOptions,
    best_layout,
    each_once,
    listed_as,
    needs_paths,
)
from pipeline.datasets.table import fields, rows, whole_number
from pipeline.paths import safe_path
from store.records import LabelShares

PIXELS, VOTES = "fer2013.csv", "fer2013new.csv"
FOLDERS = {
    "Training": "FER2013Train",
    "PublicTest": "FER2013Valid",
    "PrivateTest": "FER2013Test",
}
"""Usage in both tables -> where its pictures lie, as the official script unpacks them."""

_SPLITS = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}
_NAMED = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
CLASSES = (*_NAMED, "unknown", "nf")
"""What is voted for, in the order of the columns; nf: not a face."""

_OUT = {"unknown": "unknown", "nf": "not a face"}

Weights = list[float]


def _heard(votes: Sequence[int]) -> Weights:
    """A single vote counts as a slip."""
    return [float(vote) if vote > 1 else 0.0 for vote in votes]


def _nobody(votes: Sequence[float]) -> Weights:
    return [0.0] * len(votes)


def majority(votes: Sequence[int]) -> Weights:
    """The one class with more than half of the votes."""
    heard = _heard(votes)
    most = max(heard)
    if most <= sum(heard) / 2:
        return _nobody(votes)
    return [vote if vote == most else 0.0 for vote in heard]


def likeliest(votes: Sequence[int]) -> Weights:
    """The most voted classes, until they have three quarters of the votes; at most three.

    They end before unknown or not a face, which decide only where nothing is ahead of them.
    """
    heard = _heard(votes)
    weights = _nobody(votes)
    for level in sorted({*heard} - {0.0}, reverse=True):
        chosen = sum(weight > 0 for weight in weights)
        if sum(weights) >= 0.75 * sum(heard) or chosen >= 3:
            break
        tied = [place for place, vote in enumerate(heard) if vote == level]
        named = [place for place in tied if place < len(_NAMED)]
        for place in named if named or chosen else tied[:1]:
            weights[place] = level
        if len(named) < len(tied):
            break
    too_many = sum(weight > 0 for weight in weights) > 3
    return _nobody(votes) if too_many or sum(weights) <= sum(heard) / 2 else weights


def multi_target(votes: Sequence[int]) -> Weights:
    """Every class with 30 % of the votes, if together they have more than half."""
    heard = _heard(votes)
    weights = [vote if vote >= 0.3 * sum(heard) else 0.0 for vote in heard]
    return weights if sum(weights) > sum(heard) / 2 else _nobody(votes)


def argmax8(votes: Sequence[int]) -> Weights:
    """All votes for the eight expressions, single ones too; nothing else is looked at."""
    return [float(vote) for vote in votes[: len(_NAMED)]] + [0.0, 0.0]


VOTING: dict[str, Callable[[Sequence[int]], Weights]] = {
    "majority": majority,
    "probability": likeliest,
    "crossentropy": likeliest,
    "multi_target": multi_target,
    "argmax8": argmax8,
}
"""Option `voting` -> ten votes to ten weights; all zero where they agree on nothing.

Source: Barsoum et al., ICMI 2016 (arXiv 1608.01041), and their published reader.
"""


class FERPlusOptions(ReaderOptions, frozen=True):
    """Which row of VOTING makes a label of ten votes."""

    voting: Literal["majority", "probability", "crossentropy", "multi_target", "argmax8"] = (
        "majority"
    )


def read_ferplus(root: Path, options: Mapping[str, Any], labels: LabelSet) -> Iterator[Listed]:
    """Read the votes of `fer2013new.csv` or of each folder's `label.csv`.

    Args:
        root: the folder of FER2013Train, FER2013Valid and FER2013Test.
        options: `voting`: row of VOTING; majority, if not given.
        labels: the classes.

    Yields:
        One sample per row. Its label has the largest weight, the first in the order of the columns
        where two are equal; its shares are of all votes for classes of the label set, single ones
        too, whatever `voting` says. Attributes are the ten votes, and target, the eight
        expressions' share of the weights. Left out: unknown, not a face, votes without agreement,
        rows without a picture, and what the label set leaves out.

    Raises:
        NoInputError: if the votes are not there, or the pictures are still numbers in a table.
        DataError: naming the line that cannot be accepted.
    """
    vote = VOTING[options.get("voting", "majority")]
    if not any((root / folder).is_dir() for folder in FOLDERS.values()):
        raise NoInputError(
            root / FOLDERS["Training"],
            f"is not there: the pictures are still numbers in {PIXELS}. "
            f"Run: python cli.py unpack {root} {root}_pictures",
        )
    listed = read_votes(root / VOTES) if (root / VOTES).exists() else _labels(root)
    yield from each_once(_found(root, voted, vote, labels) for voted in listed)


Voted = tuple[str, str, list[int], str]
"""Usage, picture (empty if the row has none), ten votes, and where they stand."""


def read_votes(table: Path) -> Iterator[Voted]:
    """Read `fer2013new.csv`.

    Raises:
        NoInputError: if it is not there.
        DataError: naming the line that cannot be accepted.
    """
    for line, row in rows(table, ["usage"], ["image name"], *([name] for name in CLASSES)):
        where = f"{table}, line {line}"
        yield (
            _usage(row["usage"], where),
            row["image name"].strip(),
            [whole_number(row[name], where) for name in CLASSES],
            where,
        )


def _usage(word: str, where: str) -> str:
    if word.strip() not in FOLDERS:
        raise DataError(where, f"Usage '{printable(word[:40])}' is none of {', '.join(FOLDERS)}.")
    return word.strip()


def _labels(root: Path) -> Iterator[Voted]:
    """Read `label.csv` of each folder: name, box, ten votes; it has no header."""
    for usage, folder in FOLDERS.items():
        if not (root / folder).is_dir():
            continue
        for line, values in fields(root / folder / "label.csv"):
            where = f"{root / folder / 'label.csv'}, line {line}"
            if len(values) != 2 + len(CLASSES):
                raise DataError(where, f"needs a name, a box and ten votes, has {len(values)}.")
            votes = [whole_number(value, where) for value in values[2:]]
            yield usage, values[0].strip(), votes, where


def _found(
    root: Path, voted: Voted, vote: Callable[[Sequence[int]], Weights], labels: LabelSet
) -> Listed:
    usage, name, votes, where = voted
    split = _SPLITS[usage]
    if not name:
        return LeftOut(where.removeprefix(f"{root}/"), "no picture", split)
    path = safe_path(root / FOLDERS[usage], name, where).relative_to(root).as_posix()
    weights = vote(votes)
    word = CLASSES[weights.index(max(weights))] if any(weights) else "no agreement"
    if word not in _NAMED:
        return LeftOut(path, _OUT.get(word, word), split)
    named = weights[: len(_NAMED)]
    attributes = {
        "votes": " ".join(map(str, votes)),
        "target": " ".join(f"{weight / sum(named):.4g}" for weight in named),
    }
    found = labels.id_or_reason(word, where)
    return listed_as(found, path, split, attributes=attributes, shares=_shares(votes, labels))


def _shares(votes: Sequence[int], labels: LabelSet) -> LabelShares | None:
    """Return the shares of the classes; a vote for what is none, such as unknown, is outside."""
    classes = [labels.find(name) for name in _NAMED]
    classes += [None] * (len(CLASSES) - len(_NAMED))
    return shares_of_votes(zip(classes, votes, strict=True), len(labels))


FERPLUS = Reader(
    read_ferplus,
    best_layout(
        needs_paths(VOTES, f"{PIXELS}|{FOLDERS['Training']}"),
        needs_paths(*(f"{folder}/label.csv" for folder in FOLDERS.values())),
    ),
    listed={"train": 28_709, "val": 3_589, "test": 3_589},
    options=FERPlusOptions,
)
