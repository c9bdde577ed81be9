"""MMA Facial Expression, as on Kaggle (mahmoudima/mma-facial-expression)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.labels import LabelSet
from errors import NoInputError
from pipeline.datasets.folder import read_classes
from pipeline.datasets.reader import Listed, Reader, best_layout, first_there, needs_paths

_FOLDERS = {"train": "train", "valid": "val", "test": "test"}


def read_mma(root: Path, options: Mapping[str, Any], labels: LabelSet) -> Iterator[Listed]:
    """Read `[MMAFEDB/]{train,valid,test}/{angry,disgust,fear,happy,neutral,sad,surprise}/`.

    Args:
        root: the dataset's folder.
        options: none.
        labels: the classes.

    Raises:
        NoInputError: if a split's folder is not there.
        DataError: if a folder's name is no expression.
    """
    base = first_there(root, "MMAFEDB") or root
    for folder, split in _FOLDERS.items():
        if not (base / folder).is_dir():
            raise NoInputError(base / folder, "is not there. Unpack MMAFEDB whole.")
        yield from read_classes(root, base / folder, split, labels)


MMA = Reader(
    read_mma,
    best_layout(
        needs_paths(*(f"MMAFEDB/{folder}" for folder in _FOLDERS)),
        needs_paths(*(f"{folder}/angry" for folder in _FOLDERS)),
    ),
    listed={"train": 92_968, "test": 17_356},
    note="MMA very probably embeds FER2013: its colour pictures are as many as FER2013's "
    "(28,709 and 3,589). Scores of FER+ models on it, or the other way round, are no transfer.",
)
