"""Boxes in YOLO's layout: `data.yaml`, and per split a text file beside every picture."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from contracts.labels import LabelSet
from errors import DataError, NoInputError
from pipeline.datasets.reader import (
    LabelMapOptions,
    LeftOut,
    Listed,
    Reader,
    best_layout,
    class_or_reason,
    listed_as,
    named_by_box,
    needs_paths,
)
from pipeline.datasets.table import lines, numbers, whole_number
from pipeline.datasets.walking import pictures
from pipeline.faces.decode import UndecodableError, read_bytes, upright_size

_NAMES = "data.yaml"
_MOST_BYTES = 1 << 16
_SPLITS = {"train": "train", "valid": "val", "val": "val", "test": "test"}
_WHOLE = 0.98


def read_yolo(root: Path, options: Mapping[str, Any], labels: LabelSet) -> Iterator[Listed]:
    """Read `train/images/a.jpg` with `train/labels/a.txt` (or `images/train`, `labels/train`).

    Args:
        root: the folder that holds `data.yaml`, whose `names` are the classes.
        options: `label_map`: name -> expression, or null: left out.
        labels: the classes.

    Yields:
        One sample per line of the labels, with its box in px; a box that is the whole picture says
        nothing and is none. Pictures without a label, and what the label set leaves out, are left
        out.

    Raises:
        NoInputError: if a split's labels are not there.
        DataError: naming the line that cannot be accepted.
    """
    names, words = _names(root / _NAMES), options.get("label_map", {})

    def classify(number: int, where: str) -> int | str:
        if number not in names:
            raise DataError(where, f"needs a class of {_NAMES}, got {number}.")
        return class_or_reason(names[number], words, labels, where)

    yield from named_by_box(
        one
        for images, texts, split in _splits(root)
        for file in pictures(images)
        for one in _labelled(root, file, texts / file.relative_to(images), classify, split)
    )


def _splits(root: Path) -> Iterator[tuple[Path, Path, str]]:
    for folder, split in _SPLITS.items():
        for images, labels in (
            (f"{folder}/images", f"{folder}/labels"),
            (f"images/{folder}", f"labels/{folder}"),
        ):
            if not (root / images).is_dir():
                continue
            if not (root / labels).is_dir():
                raise NoInputError(root / labels, "is not there, and without it no picture counts.")
            yield root / images, root / labels, split


def _names(file: Path) -> dict[int, str]:
    """Return id -> name of a class.

    Raises:
        NoInputError: if the file is not there.
        DataError: if it has no list of names.
    """
    if not file.is_file():
        raise NoInputError(file, "is not there. It names the classes.")
    with file.open("rb") as stream:
        text = stream.read(_MOST_BYTES)
    try:
        names = YAML(typ="safe", pure=True).load(text)["names"]
        pairs = names.items() if isinstance(names, dict) else enumerate(names)
        return {int(number): str(name) for number, name in pairs}
    except (YAMLError, TypeError, KeyError, ValueError) as error:
        raise DataError(file, "needs a list `names` of the classes.") from error


def _labelled(
    root: Path,
    file: Path,
    place: Path,
    classify: Callable[[int, str], int | str],
    split: str,
) -> Iterator[Listed]:
    path, table = file.relative_to(root).as_posix(), place.with_suffix(".txt")
    found = [one for one in lines(table) if one[1].strip()] if table.is_file() else []
    size = _size(file) if found else None
    if not found:
        yield LeftOut(path, "no label", split)
    for line, text in found:
        where = f"{table}, line {line}"
        number, *rest = text.split()
        box = numbers(" ".join(rest), 4, "box", where)
        if box is None:
            raise DataError(where, f"needs a class of {_NAMES} and a box: x, y, width, height.")
        found_as = classify(whole_number(number, where), where)
        yield listed_as(found_as, path, split, box=_in_px(box, size))


def _size(file: Path) -> tuple[int, int] | None:
    """Return width and height of an upright picture in px; None if it cannot be read."""
    try:
        return upright_size(read_bytes(file))
    except UndecodableError:  # align says what is wrong with it
        return None


def _in_px(box: tuple[float, ...], size: tuple[int, int] | None) -> tuple[float, ...] | None:
    x, y, width, height = box
    if size is None or min(width, height) >= _WHOLE:
        return None
    corner = ((x - width / 2) * size[0], (y - height / 2) * size[1])
    return tuple(round(number, 2) for number in (*corner, width * size[0], height * size[1]))


YOLO = Reader(
    read_yolo,
    best_layout(
        needs_paths(_NAMES, "train/images|valid/images", "train/labels|valid/labels"),
        needs_paths(_NAMES, "images/train|images/val", "labels/train|labels/val"),
    ),
    options=LabelMapOptions,
)
