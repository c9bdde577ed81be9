"""The `folder` dataset: one folder per expression, optionally under train, val and test."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from anatomy.expressions import EXPRESSIONS, SYNONYMS, expression_id
from errors import DataError, NoInputError
from pipeline.datasets.reader import LabelMapOptions, LayoutClue, Reader
from pipeline.datasets.table import is_split, split_of
from store.records import Sample

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
_WORDS = frozenset({*(name.lower() for name in EXPRESSIONS), *SYNONYMS})


def read_folder(root: Path, options: Mapping[str, Any]) -> Iterator[Sample]:
    """Read `[split/]expression/**/picture`.

    Args:
        root: the dataset's folder.
        options: `label_map`: folder name -> expression.

    Yields:
        One sample per picture, sorted by path. Other files are passed over.

    Raises:
        NoInputError: if root is no folder.
        DataError: if a folder's name is no expression, or a picture lies in none.
    """
    words = options.get("label_map", {})
    if not root.is_dir():
        raise NoInputError(
            root, "is no folder. Put the pictures there, one folder per expression, or link it."
        )
    for file in pictures(root):
        folders = file.relative_to(root).parts[:-1]
        split = split_of(folders[0], str(file)) if folders and is_split(folders[0]) else None
        names = folders[1:] if split else folders
        if not names:
            raise DataError(
                file, "lies in no expression's folder. Move it into one, such as 'happiness'."
            )
        path = file.relative_to(root).as_posix()
        yield Sample(
            path, path, expression_id(words.get(names[0], names[0]), str(file.parent)), split
        )


def pictures(folder: Path) -> list[Path]:
    """Return the pictures below a folder, sorted."""
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)


def read_classes(root: Path, folder: Path, split: str) -> Iterator[Sample]:
    """Read `expression/**/picture` of one split, which lies anywhere below root.

    Raises:
        DataError: if a folder's name is no expression, or a picture lies in none.
    """
    for sample in read_folder(folder, {}):
        path = (folder / sample.path).relative_to(root).as_posix()
        yield Sample(path, path, sample.expression, split)


def _check_layout(root: Path) -> list[LayoutClue]:
    tops = [folder for folder in sorted(root.iterdir()) if folder.is_dir()]
    below = [sub for top in tops if is_split(top.name) for sub in top.iterdir() if sub.is_dir()]
    named = any(folder.name.lower() in _WORDS for folder in (*tops, *below))
    return [(("a folder per expression (happiness, sad, ...), maybe under train and test",), named)]


FOLDER = Reader(read_folder, _check_layout, general=True, options=LabelMapOptions)
