"""The folds of Belharbi et al., FG 2024: lists of pictures, class ids and landmarks per split."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from contracts.labels import LabelSet
from errors import DataError, NoInputError, UsageError, printable
from pipeline.datasets.landmark_lists import LANDMARKS, read_landmark_list
from pipeline.datasets.reader import (
    Listed,
    Reader,
    ReaderOptions,
    each_once,
    listed_as,
    needs_paths,
)
from pipeline.datasets.table import lines, whole_number
from pipeline.paths import safe_path

CLASSES, LABELS = "class_id.yaml", "class_labels.txt"
_SPLITS = ("train", "val", "test")
_MOST_BYTES = 1 << 16
_DEPTHS = ("", "*/", "*/*/", "*/*/*/")


class FoldOptions(ReaderOptions, frozen=True):
    """Where the lists lie, below the dataset's folder; found if not set."""

    folds: str = ""


def read_published_folds(
    root: Path, options: Mapping[str, Any], labels: LabelSet
) -> Iterator[Listed]:
    """Read `{train,val,test}/class_labels.txt` with `class_id.yaml` and `landmarks.txt`.

    Args:
        root: the folder that holds the pictures, under the paths of the lists, and the lists.
        options: `folds`: folder of the lists.
        labels: the classes.

    Yields:
        One sample per line, with the published landmarks where there are some. The published
        validation split is the test split: then it is left out, and samples are train or test.

    Raises:
        NoInputError: if the lists are not there.
        DataError: naming a line that cannot be accepted.
        UsageError: if several folders hold such lists.
    """
    folds = _folder(root, options)
    classes = _classes(folds / CLASSES, labels)
    yield from each_once(
        sample for split in _used_splits(folds) for sample in _split(root, folds, split, classes)
    )


def _folder(root: Path, options: Mapping[str, Any]) -> Path:
    if options.get("folds"):
        return safe_path(root, options["folds"], "option folds")
    found = [file.parent for depth in _DEPTHS for file in sorted(root.glob(f"{depth}{CLASSES}"))]
    found = [one for one in found if (one / "train" / LABELS).is_file()]
    if not found:
        raise NoInputError(
            root, f"holds no {CLASSES} beside train/{LABELS}. Put the published folds there."
        )
    if len(found) > 1:
        several = ", ".join(printable(one.relative_to(root).as_posix()) for one in found)
        raise UsageError("options.folds", f"name one of the folders with lists: {several}.")
    return found[0]


def _classes(file: Path, labels: LabelSet) -> dict[int, int | str]:
    """Return id in the lists -> id of the class, or why its pictures are left out."""
    if not file.is_file():
        raise NoInputError(file, "is not there. It says which id is which expression.")
    with file.open("rb") as stream:
        text = stream.read(_MOST_BYTES)
    try:
        named = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as error:
        raise DataError(file, "cannot be read as YAML. Fetch it again.") from error
    if not isinstance(named, dict) or not all(isinstance(one, int) for one in named.values()):
        raise DataError(file, "needs lines such as `Neutral: 0`.")
    return {number: labels.id_or_reason(str(word), str(file)) for word, number in named.items()}


def _used_splits(folds: Path) -> list[str]:
    """Return the splits that are there, without a validation split that is the test split."""
    there = [split for split in _SPLITS if (folds / split / LABELS).is_file()]
    return [split for split in there if split != "val" or not _val_is_test(folds)]


def _val_is_test(folds: Path) -> bool:
    val, test = (
        {path for _, path, _ in _labelled(folds / split / LABELS)} for split in ("val", "test")
    )
    return val == test


def _labelled(file: Path) -> Iterator[tuple[str, str, int]]:
    """Yield (where, path, class id); nothing if the file is not there."""
    if not file.is_file():
        return
    for number, line in lines(file):
        where = f"{file}, line {number}"
        if line.strip():
            path, comma, word = line.strip().rpartition(",")
            if not comma:
                raise DataError(where, "needs a picture's path, a comma, and the id of its class.")
            yield where, path, whole_number(word, where)


def _split(
    root: Path, folds: Path, split: str, classes: Mapping[int, int | str]
) -> Iterator[Listed]:
    points_file = folds / split / LANDMARKS
    points = read_landmark_list(points_file) if points_file.is_file() else {}
    for where, name, number in _labelled(folds / split / LABELS):
        if number not in classes:
            raise DataError(where, f"class {number} is not in {CLASSES}.")
        path = safe_path(root, name, where).relative_to(root).as_posix()
        yield listed_as(classes[number], path, split, landmarks=points.get(name))


def _remarks(root: Path, options: Mapping[str, Any], labels: LabelSet) -> list[str]:
    folds = _folder(root, options)
    if not (folds / "val" / LABELS).is_file() or not _val_is_test(folds):
        return []
    return [
        "the published val split is the test split: it was left out, and a share of train "
        "validates. `train.protocol: paper` chooses the epoch on test, as published."
    ]


PUBLISHED_FOLDS = Reader(
    read_published_folds,
    needs_paths(CLASSES, f"train/{LABELS}", f"test/{LABELS}"),
    options=FoldOptions,
    remarks=_remarks,
)
