"""The `folder` dataset: one folder an expression, optionally under train, val and test."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from anatomy.expressions import expression_id
from errors import DataError, NoInputError
from pipeline.datasets.csv_table import check_options, label_map
from store.records import Sample

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
_SPLITS = {
    **{"train": "train", "training": "train"},
    **{"val": "val", "valid": "val", "validation": "val"},
    **{"test": "test", "testing": "test"},
}


def read_folder(root: Path, options: Mapping[str, Any]) -> Iterator[Sample]:
    """Read `[split/]expression/**/picture`.

    Args:
        root: the dataset's folder.
        options: `label_map`: folder name -> expression.

    Yields:
        A sample a picture, sorted by path. Other files are passed over.

    Raises:
        NoInputError: if root is no folder.
        DataError: if a folder's name is no expression, or a picture lies in none.
    """
    check_options(options, ("label_map",), "folder")
    words = label_map(options)
    if not root.is_dir():
        raise NoInputError(
            root, "is no folder. Put the pictures there, one folder an expression, or link it."
        )
    for file in sorted(root.rglob("*")):
        if file.suffix.lower() not in SUFFIXES:
            continue
        folders = file.relative_to(root).parts[:-1]
        split = _SPLITS.get(folders[0].lower()) if folders else None
        names = folders[1:] if split else folders
        if not names:
            raise DataError(
                file, "lies in no expression's folder. Move it into one, such as 'happiness'."
            )
        path = file.relative_to(root).as_posix()
        yield Sample(
            path, path, expression_id(words.get(names[0], names[0]), str(file.parent)), split
        )
