"""RAF-DB, the basic set: label file, original or aligned pictures, and annotations.

Where one and the same file is spelt in two ways in published copies, both are read.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from contracts.labels import LabelSet
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
    listed_as,
    needs_paths,
)
from pipeline.datasets.table import lines
from pipeline.datasets.walking import pictures
from pipeline.paths import safe_path

CLASSES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
"""Official ids 1 to 7, in order."""

COMPOUND = (
    *("happily surprised", "happily disgusted", "sadly fearful", "sadly angry", "sadly surprised"),
    *("sadly disgusted", "fearfully angry", "fearfully surprised", "angrily surprised"),
    *("angrily disgusted", "disgustedly surprised"),
)
"""Of the compound set: official ids 1 to 11, in order."""

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


def read_raf_db(root: Path, options: Mapping[str, Any], labels: LabelSet) -> Iterator[Listed]:
    """Read RAF-DB basic as distributed, or the copy with one folder per class id.

    Args:
        root: the folder `basic`, or the one that holds it.
        options: as in RAFDBOptions.
        labels: the classes.

    Yields:
        One sample per line, train or test. With the original pictures come their annotations, where
        they are there: box, and as attributes five_points (x y of both eyes, nose tip and mouth
        corners, px), gender, race and age.

    Raises:
        NoInputError: if labels or pictures are not there, or still packed.
        DataError: if a line cannot be accepted, or this is the compound set.
    """
    yield from _read(root, options, RAFSet("basic", CLASSES, labels))


def read_raf_db_compound(
    root: Path, options: Mapping[str, Any], labels: LabelSet
) -> Iterator[Listed]:
    """Read RAF-DB's compound set, from the folder `compound` or the one that holds it.

    Its layout is that of the basic set; otherwise as `read_raf_db`. The label set raf_compound has
    its eleven classes.
    """
    yield from _read(root, options, RAFSet("compound", COMPOUND, labels))


class RAFSet(NamedTuple):
    """One of RAF-DB's two sets.

    Attributes:
        folder: its name as given out.
        words: of the official ids, from 1 on.
        labels: the classes to read them as.
    """

    folder: str
    words: tuple[str, ...]
    labels: LabelSet


def _read(root: Path, options: Mapping[str, Any], chosen: RAFSet) -> Iterator[Listed]:
    base = first_there(root, chosen.folder) or root
    listed = _listed(root, base, options, chosen)
    yield from join_landmarks(listed, root, options.get("landmarks"))


def _listed(root: Path, base: Path, options: Mapping[str, Any], chosen: RAFSet) -> Iterator[Listed]:
    table = first_there(base, *_LABELS)
    if table is None and (base / "train" / "1").is_dir():
        yield from _copy(root, base, chosen)
        return
    if table is None:
        raise NoInputError(base / _LABELS[0], "is not there. Without it no picture has a label.")
    kind = options.get("pictures") or _kind(base)
    ending = _PICTURES[kind]
    folder = _unpacked(base / "Image" / kind)
    known = read_annotations(base / "Annotation") if kind == "original" else {}
    yield from each_once(
        _sample(root, folder, parts, ending, known, chosen) for parts in _labelled(table, chosen)
    )


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


def _labelled(file: Path, chosen: RAFSet) -> Iterator[tuple[str, str, int, str]]:
    """Yield (picture, split, class from 1 on, where it stands)."""
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
    _check_classes(file, {one[2] for one in found}, chosen)
    yield from found


def _check_classes(file: Path, classes: set[int], chosen: RAFSet) -> None:
    highest, known = max(classes, default=1), len(chosen.words)
    if highest > known:
        compound = (
            " This is the compound set: set reader: raf_db_compound and labels: raf_compound."
            if highest == len(COMPOUND)
            else ""
        )
        raise DataError(
            file, f"has classes up to {highest}; RAF-DB {chosen.folder} has 1 to {known}.{compound}"
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
    chosen: RAFSet,
) -> Listed:
    name, split, number, where = parts
    plain = safe_path(folder, name, where)
    path = plain.with_name(plain.stem.removesuffix(ending) + ending + plain.suffix)
    about = known.get(plain.stem, Annotation())
    return listed_as(
        chosen.labels.id_or_reason(chosen.words[number - 1], where),
        path.relative_to(root).as_posix(),
        split,
        box=about.box,
        attributes=about.attributes,
    )


def _copy(root: Path, base: Path, chosen: RAFSet) -> Iterator[Listed]:
    """Read `train/1..7` and `test/1..7` (or valid), whose pictures keep their official names."""
    for top, split in _COPY_SPLITS.items():
        for file in pictures(base / top):
            number = file.parent.name
            named = file.name.startswith(f"{split}_")
            if not named or number not in {str(place + 1) for place in range(len(chosen.words))}:
                raise DataError(
                    file,
                    f"needs a name {split}_.. in a folder 1 to {len(chosen.words)}, as in copies "
                    "of RAF-DB by class. "
                    "If the digits mean something else, use reader folder with a label_map.",
                )
            path = file.relative_to(root).as_posix()
            found = chosen.labels.id_or_reason(chosen.words[int(number) - 1], str(file))
            yield listed_as(found, path, split)


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

RAF_DB_COMPOUND = Reader(
    read_raf_db_compound,
    needs_paths("|".join(f"compound/{name}" for name in _LABELS), "compound/Image"),
    listed={"train": 3_162, "test": 792},
    options=RAFDBOptions,
    labels="raf_compound",
)
