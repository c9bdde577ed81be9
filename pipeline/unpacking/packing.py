"""The type of a packing: how packed pictures are recognised and become files."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LABELS = ("label", "labels", "emotion", "expression", "class", "cls")
"""Names of a label, in lower case, where tables and shards do not say which it is."""


@dataclass(frozen=True, slots=True)
class PackedPicture:
    """One picture.

    Attributes:
        path: where its file goes, below the output.
        payload: the file's bytes.
        row: its row of the output's labels.csv; None where another table has the labels.
    """

    path: str
    payload: bytes
    row: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Packing:
    """A row of PACKINGS.

    Attributes:
        inputs: folder -> the files it is about; none if the folder is not packed so.
        pictures: these files -> every picture.
        kept: names of files that go to the output as they are.
        check_first: whether to read everything before anything is written.
    """

    inputs: Callable[[Path], list[Path]]
    pictures: Callable[[Sequence[Path]], Iterator[PackedPicture]]
    kept: tuple[str, ...] = ()
    check_first: bool = False


_SPLIT = re.compile(r"(?:^|[^a-z])(train|training|validation|valid|val|dev|test)(?:[^a-z]|$)")


def split_of_file(file: Path) -> str:
    """Return the split that a file's name says, such as `train-00000-of-00002`; else nothing."""
    match = _SPLIT.search(file.stem.lower()) or _SPLIT.search(file.parent.name.lower())
    return match[1] if match else ""
