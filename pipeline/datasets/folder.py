"""The `folder` dataset: one folder per expression, optionally under train, val and test."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from contracts.labels import LabelSet
from errors import DataError, NoInputError, printable
from labels.reading import known_words
from pipeline.datasets.path_patterns import PathOptions, label_of_path, with_persons
from pipeline.datasets.reader import (
    LayoutClue,
    LeftOut,
    Listed,
    Reader,
    class_or_reason,
    entries,
    listed_as,
)
from pipeline.datasets.table import is_split, split_of
from pipeline.datasets.walking import litter, pictures
from store.records import Sample


def read_folder(root: Path, options: Mapping[str, Any], labels: LabelSet) -> Iterator[Listed]:
    """Read `[split/]expression/**/picture`.

    Args:
        root: the dataset's folder.
        options: `label_map`: folder name -> expression, or null: left out; `expression` and
            `person`: what to take of the path instead.
        labels: the classes.

    Yields:
        One sample per picture, sorted by path. Other files are passed over.

    Raises:
        NoInputError: if root is no folder.
        NoPermissionError: if a folder in it cannot be listed.
        DataError: if a folder's name is no expression, or a picture lies in none.
    """
    if not root.is_dir():
        raise NoInputError(
            root, "is no folder. Put the pictures there, one folder per expression, or link it."
        )
    files = pictures(root)
    _refuse_unknown(root, files, options, labels)
    listed = (_listed(root, file, options, labels) for file in files)
    yield from with_persons(listed, options.get("person", ""), str(root))


def _refuse_unknown(
    root: Path, files: Sequence[Path], options: Mapping[str, Any], labels: LabelSet
) -> None:
    """Refuse class folders whose names mean nothing, all at once.

    Raises:
        DataError: naming them, with the option that says what they mean.
    """
    if options.get("expression"):
        return
    words, refused = options.get("label_map", {}), dict[str, DataError]()
    folders = {file.parent: None for file in files}
    for folder in folders:
        names, _ = _classes(root, folder / "x")
        try:
            class_or_reason(names[0] if names else labels.names[0], words, labels, str(folder))
        except DataError as error:
            refused.setdefault(names[0], error)
    if refused:
        first = next(iter(refused.values()))
        example = ", ".join(f'"{printable(name)}": ...' for name in refused)
        splits = [name for name in refused if _holds_classes(folders, name)]
        if splits:
            raise DataError(
                first.where,
                f"folders {', '.join(map(printable, splits))} hold folders named as expressions: "
                "they seem to be splits. Name them train, val and test.",
            )
        raise DataError(
            first.where,
            f"{first.what} All that are unknown, in options (null leaves one out): "
            f"label_map: {{{example}}}",
        )


def _holds_classes(folders: Iterable[Path], name: str) -> bool:
    return any(
        folder.parent.name == name and folder.name.lower() in known_words() for folder in folders
    )


def _classes(root: Path, file: Path) -> tuple[tuple[str, ...], str | None]:
    """Return the folders from the expression's down to a file, and the split above them."""
    folders = file.relative_to(root).parts[:-1]
    split = split_of(folders[0], str(file)) if folders and is_split(folders[0]) else None
    return (folders[1:] if split else folders), split


def _listed(root: Path, file: Path, options: Mapping[str, Any], labels: LabelSet) -> Listed:
    path = file.relative_to(root).as_posix()
    names, split = _classes(root, file)
    pattern = options.get("expression", "")
    if not names and not pattern:
        raise DataError(
            file, "lies in no expression's folder. Move it into one, such as 'happiness'."
        )
    label = label_of_path(pattern, path, str(file)) if pattern else names[0]
    found = class_or_reason(label, options.get("label_map", {}), labels, str(file.parent))
    return listed_as(found, path, split)


def read_classes(root: Path, folder: Path, split: str, labels: LabelSet) -> Iterator[Listed]:
    """Read `expression/**/picture` of one split, which lies anywhere below root.

    Raises:
        DataError: if a folder's name is no expression, or a picture lies in none.
    """
    for one in read_folder(folder, {}, labels):
        path = (folder / one.path).relative_to(root).as_posix()
        if isinstance(one, Sample):
            yield Sample(path, path, one.expression, split)
        else:
            yield LeftOut(path, one.reason, split)


def class_folders(root: Path) -> list[Path]:
    """Return the folders that should be named as expressions: at the top, and below splits."""
    tops = [one for one in sorted(entries(root)) if one.is_dir() and not litter(one.name)]
    splits = [top for top in tops if is_split(top.name)]
    below = [sub for top in splits for sub in sorted(entries(top)) if sub.is_dir()]
    return [*(top for top in tops if top not in splits), *below]


def _check_layout(root: Path) -> list[LayoutClue]:
    named = any(folder.name.lower() in known_words() for folder in class_folders(root))
    return [(("a folder per expression (happiness, sad, ...), maybe under train and test",), named)]


FOLDER = Reader(read_folder, _check_layout, general=True, options=PathOptions)
