"""RAF-DB, the basic set: label file, original or aligned pictures, and annotations.

Where one and the same file is spelt in two ways in published copies, both are read.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from anatomy.expressions import expression_id
from errors import DataError, NoInputError, printable
from pipeline.datasets.landmark_lists import join_landmarks
from pipeline.datasets.raf_db_annotations import Annotation, read_annotations
from pipeline.datasets.reader import (
    LayoutClue,
    Listed,
    Reader,
    ReaderOptions,
    best_layout,
    each_once,
    first_there,
    needs_paths,
)
from pipeline.datasets.table import lines
from pipeline.datasets.walking import pictures
from pipeline.paths import safe_path
from store.records import Sample

CLASSES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
"""Official ids 1 to 7, in order."""

_LABELS = ("EmoLabel/list_patition_label.txt", "EmoLabel/list_partition_label.txt")
_LINE = re.compile(r"((train|test)_\S+)\s+(\d{1,9})", re.ASCII)
_PICTURES = {"original": "", "aligned": "_aligned", "our_aligned": ""}
"""Folder of Image -> what its names have before their ending."""

_COPY_SPLITS = {"train": "train", "valid": "test", "test": "test"}


class RAFDBOptions(ReaderOptions, frozen=True):
    """Which pictures, and published landmarks of them.

    `pictures`: photographs, official crops, or the crops that the code of Belharbi et al. makes; if
    not set, the first that is there. `landmarks`: file or folder of lists, see landmark_lists.
    """

    pictures: Literal["original", "aligned", "our_aligned"] = "original"
    landmarks: str | None = None


def read_raf_db(root: Path, options: Mapping[str, Any]) -> Iterator[Listed]:
    """Read RAF-DB basic as distributed, or the copy with one folder per class id.

    Args:
        root: the folder `basic`, or the one that holds it.
        options: as in RAFDBOptions.

    Yields:
        One sample per line, train or test. With the original pictures come their annotations, where
        they are there: box, and as attributes five_points (x y of both eyes, nose tip and mouth
        corners, px), gender, race and age.

    Raises:
        NoInputError: if labels or pictures are not there, or still packed.
        DataError: if a line cannot be accepted, or this is the compound set.
    """
    base = first_there(root, "basic") or root
    listed = _listed(root, base, options)
    yield from join_landmarks(listed, root, options.get("landmarks"))


def _listed(root: Path, base: Path, options: Mapping[str, Any]) -> Iterator[Listed]:
    labels = first_there(base, *_LABELS)
    if labels is None and (base / "train" / "1").is_dir():
        yield from _copy(root, base)
        return
    if labels is None:
        raise NoInputError(base / _LABELS[0], "is not there. Without it no picture has a label.")
    kind = options.get("pictures") or _kind(base)
    ending = _PICTURES[kind]
    folder = _unpacked(base / "Image" / kind)
    known = read_annotations(base / "Annotation") if kind == "original" else {}
    yield from each_once(_sample(root, folder, parts, ending, known) for parts in _labelled(labels))


def _kind(base: Path) -> str:
    return next((kind for kind in _PICTURES if (base / "Image" / kind).is_dir()), "original")


def _unpacked(folder: Path) -> Path:
    """Return the pictures' folder, which a zip with its own top folder nests once more."""
    packed = [*folder.parent.glob("*.zip"), *folder.glob("*.zip")]
    inner = first_there(folder, folder.name) or folder
    if inner.is_dir() and next(inner.glob("*.[jJ][pP][gG]"), None):
        return inner
    if packed:
        zips = ", ".join(sorted(printable(file.name) for file in packed))
        raise NoInputError(folder, f"holds no picture: {zips} is still packed. Unpack it there.")
    raise NoInputError(
        folder,
        f"holds no picture. Set option pictures to one of {', '.join(_PICTURES)}, or unpack them.",
    )


def _labelled(file: Path) -> Iterator[tuple[str, str, int, str]]:
    """Yield (picture, split, class 1 to 7, where it stands)."""
    found = []
    for number, line in lines(file):
        where = f"{file}, line {number}"
        parts = _LINE.fullmatch(line.strip())
        if line.strip() and not parts:
            raise DataError(
                where,
                f"needs a picture train_.. or test_.. and one class, "
                f"got '{printable(line.strip()[:40])}'.",
            )
        if parts:
            found.append((parts[1], parts[2], int(parts[3]), where))
    _check_classes(file, {one[2] for one in found})
    yield from found


def _check_classes(file: Path, classes: set[int]) -> None:
    if max(classes, default=1) > len(CLASSES):
        raise DataError(
            file,
            f"has classes up to {max(classes)}; this is the compound set. AULens reads the basic "
            "set: its label file has the same name and classes 1 to 7.",
        )
    if 0 in classes:
        raise DataError(
            file,
            "counts classes from 0; the official file counts from 1. Somebody's code took 1 away. "
            "Put the official file there.",
        )


def _sample(
    root: Path,
    folder: Path,
    parts: tuple[str, str, int, str],
    ending: str,
    known: Mapping[str, Annotation],
) -> Sample:
    name, split, number, where = parts
    plain = safe_path(folder, name, where)
    path = plain.with_name(plain.stem.removesuffix(ending) + ending + plain.suffix)
    about = known.get(plain.stem, Annotation())
    return Sample(
        id=path.relative_to(root).as_posix(),
        path=path.relative_to(root).as_posix(),
        expression=expression_id(CLASSES[number - 1], where),
        split=split,
        box=about.box,
        attributes=about.attributes,
    )


def _copy(root: Path, base: Path) -> Iterator[Sample]:
    """Read `train/1..7` and `test/1..7` (or valid), whose pictures keep their official names."""
    for top, split in _COPY_SPLITS.items():
        for file in pictures(base / top):
            number = file.parent.name
            named = file.name.startswith(f"{split}_")
            if not named or number not in {str(place + 1) for place in range(len(CLASSES))}:
                raise DataError(
                    file,
                    f"needs a name {split}_.. in a folder 1 to 7, as in copies of RAF-DB by class. "
                    "If the digits mean something else, use reader folder with a label_map.",
                )
            path = file.relative_to(root).as_posix()
            expression = expression_id(CLASSES[int(number) - 1], str(file))
            yield Sample(path, path, expression, split)


def _check_copy(root: Path) -> list[LayoutClue]:
    """Look for a folder per class id; numbered folders of other datasets have other file names."""
    clues = needs_paths("train/1", "train/7", "test/1|valid/1")(root)
    first = root / "train" / "1"
    named = first.is_dir() and any(first.glob("train_*"))
    return [*clues, (("train/1/train_...",), named)]


RAF_DB = Reader(
    read_raf_db,
    best_layout(
        needs_paths(
            "|".join((*_LABELS, *(f"basic/{name}" for name in _LABELS))), "Image|basic/Image"
        ),
        _check_copy,
    ),
    listed={"train": 12_271, "test": 3_068},
    options=RAFDBOptions,
)
