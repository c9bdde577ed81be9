"""SFEW 2.0: aligned faces in a folder per class, or as one table with all pictures beside it."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.labels import LabelSet
from errors import NoInputError
from pipeline.datasets.folder import read_classes
from pipeline.datasets.reader import (
    LeftOut,
    Listed,
    Reader,
    best_layout,
    each_once,
    first_there,
    listed_as,
    needs_paths,
)
from pipeline.datasets.table import rows, split_of
from pipeline.datasets.walking import pictures
from pipeline.paths import safe_path

_TABLE, _IMAGES = "sfew_2.0_labels.csv", "sfew2.0_images"
_NAMES = {
    "train": ("Train_Aligned_Faces",),
    "val": ("Val_Aligned_Faces_new", "Val_Aligned_Faces"),
    "test": ("Test_Aligned_Faces",),
}


def _places(split: str) -> tuple[str, ...]:
    """Return where a split may lie: unpacked beside the others, or in a folder of its own."""
    names = _NAMES[split]
    return (*names, *(f"{split.capitalize()}/{name}" for name in names))


def read_sfew(root: Path, options: Mapping[str, Any], labels: LabelSet) -> Iterator[Listed]:
    """Read `Train_Aligned_Faces/Angry/..`, or `sfew_2.0_labels.csv` with `sfew2.0_images/`.

    Args:
        root: the dataset's folder.
        options: none.
        labels: the classes.

    Yields:
        Training and validation; pictures of the test set, whose labels are withheld, are left out.
        In the table only the words count, not its ids.

    Raises:
        NoInputError: if a split is not there.
        DataError: if a label cannot be accepted.
    """
    found = _table(root, labels) if (root / _TABLE).exists() else _folders(root, labels)
    yield from each_once(found)


def _folders(root: Path, labels: LabelSet) -> Iterator[Listed]:
    for split in ("train", "val"):
        folder = first_there(root, *_places(split))
        if folder is None:
            raise NoInputError(
                root / _NAMES[split][0], f"is not there. Unpack {_NAMES[split][0]}.zip there."
            )
        inner = first_there(folder, *_NAMES[split])
        yield from read_classes(root, inner or folder, split, labels)
        others = (root / name for name in _places(split) if root / name != folder)
        yield from _left_out(root, others, "another copy", split)
    test = first_there(root, *_places("test"))
    yield from _left_out(root, [test] if test else [], "label withheld", "test")


def _left_out(root: Path, folders: Iterable[Path], reason: str, split: str) -> Iterator[LeftOut]:
    for folder in folders:
        for picture in pictures(folder):
            yield LeftOut(picture.relative_to(root).as_posix(), reason, split)


def _table(root: Path, labels: LabelSet) -> Iterator[Listed]:
    table = root / _TABLE
    for line, row in rows(table, ["image_name"], ["emotion"], ["original_split"]):
        where = f"{table}, line {line}"
        name = safe_path(root / _IMAGES, row["image_name"].strip(), where)
        path = name.relative_to(root).as_posix()
        split = split_of(row["original_split"], where)
        yield listed_as(labels.id_or_reason(row["emotion"], where), path, split)


SFEW = Reader(
    read_sfew,
    best_layout(
        needs_paths("|".join(_places("train")), "|".join(_places("val"))),
        needs_paths(_TABLE, _IMAGES),
    ),
    listed={"train": 958, "val": 436, "test": 372},
)
