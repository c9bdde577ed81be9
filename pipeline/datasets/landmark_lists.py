"""Landmarks that lie beside a dataset: in lists, or in a file per picture.

A list is what Belharbi et al., FG 2024, give out: `landmarks.txt` beside each split's list. A line
is the picture's path, then 68 x, then 68 y, in px of the picture that they used: of RAF-DB
their own crop (`Image/our_aligned`), of AffectNet the picture as given out. Where their detector
found no face, all numbers are `inf`.

A file per picture has its name, with `.txt`, and 68 lines: y, a tab, x, in px of the picture.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from errors import DataError, NoInputError, printable
from pipeline.datasets.reader import Listed
from pipeline.datasets.table import lines
from pipeline.paths import safe_path
from store.records import Sample

LANDMARKS = "landmarks.txt"
_NUMBERS = 136
_PARTS = 3
"""Folders and name that tell pictures apart: datasets lie under `basic/`, or do not."""

PointLists = Mapping[str, tuple[float, ...] | None]
"""Path of a picture, as listed -> x0 y0 x1 y1 ... in px; None where no face was found."""


def read_landmark_list(file: Path) -> dict[str, tuple[float, ...] | None]:
    """Read one landmarks.txt.

    Raises:
        NoInputError: if it is not there.
        DataError: naming a line of another shape.
    """
    found: dict[str, tuple[float, ...] | None] = {}
    for number, line in lines(file):
        if line.strip():
            path, *words = line.strip().rsplit(",", _NUMBERS)
            found[path] = _points(words, f"{file}, line {number}")
    return found


def _points(words: list[str], where: str) -> tuple[float, ...] | None:
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    failed = len(values) == _NUMBERS and all(map(math.isinf, values))
    if len(values) != _NUMBERS or not (failed or all(map(math.isfinite, values))):
        raise DataError(
            where,
            "needs the picture's path, 68 x and 68 y, separated by commas and finite; or all inf, "
            "where no face was found.",
        )
    half = _NUMBERS // 2
    pairs = zip(values[:half], values[half:], strict=True)
    return None if failed else tuple(value for pair in pairs for value in pair)


def read_landmark_file(file: Path) -> tuple[float, ...]:
    """Read the file of one picture: x0 y0 x1 y1 ... in px.

    Raises:
        DataError: naming a line of another shape.
    """
    found: list[float] = []
    for number, line in lines(file):
        if line.strip():
            found += _x_and_y(line, f"{file}, line {number}")
    if len(found) != _NUMBERS:
        raise DataError(file, f"has {len(found) // 2} points, and 68 are needed: one per line.")
    return tuple(found)


def _x_and_y(line: str, where: str) -> tuple[float, float]:
    try:
        y, x = (float(word) for word in line.split())
    except ValueError:
        x = y = math.nan
    if not (math.isfinite(x) and math.isfinite(y)):
        raise DataError(where, "needs y, a tab, and x of a landmark, in px.")
    return x, y


def landmark_files(root: Path, name: str) -> list[Path]:
    """Return the lists that an option `landmarks` names: a file, or a folder of splits.

    Args:
        root: the dataset's folder.
        name: relative to it.

    Raises:
        NoInputError: if there is none.
    """
    place = safe_path(root, name, "option landmarks")
    found = [place] if place.is_file() else sorted(place.glob(f"*/{LANDMARKS}"))
    if not found:
        raise NoInputError(
            place,
            f"is no file, and holds neither <split>/{LANDMARKS}, as the published folds do, nor "
            "files named as the pictures, with .txt.",
        )
    return found


def join_landmarks(listed: Iterable[Listed], root: Path, name: str | None) -> Iterator[Listed]:
    """Give samples the points that lists, or files, hold for their pictures.

    Args:
        listed: of a reader.
        root: the dataset's folder.
        name: option `landmarks`; None leaves everything as it is.

    Raises:
        NoInputError: if there is neither.
        DataError: if not one picture is named in lists: points are px of one picture only.
    """
    if name is None:
        yield from listed
        return
    everything = list(listed)
    paths = [one.path for one in everything if isinstance(one, Sample)]
    points = _points_of_files(safe_path(root, name, "option landmarks"), paths)
    if not points:
        points = _points_of_lists(root, name, paths)
    for one in everything:
        if isinstance(one, Sample) and tail(one.path) in points:
            yield replace(one, landmarks=points[tail(one.path)])
        else:
            yield one


def _points_of_files(folder: Path, paths: Sequence[str]) -> dict[str, tuple[float, ...] | None]:
    """Read the files of these pictures, by the ends of their paths.

    Raises:
        DataError: if a file belongs to two pictures of one name.
    """
    owners: dict[Path, str] = {}
    for path in paths if folder.is_dir() else ():
        parts = PurePosixPath(path).with_suffix(".txt").parts
        places = [folder.joinpath(*parts[start:]) for start in range(len(parts))]
        file = next((one for one in places if one.is_file()), None)
        if file is not None and owners.setdefault(file, path) != path:
            raise DataError(
                file,
                f"belongs to '{printable(owners[file])}' and to '{printable(path)}'. Put such "
                "files into folders as their pictures are.",
            )
    return {tail(path): read_landmark_file(file) for file, path in owners.items()}


def _points_of_lists(
    root: Path, name: str, paths: Sequence[str]
) -> dict[str, tuple[float, ...] | None]:
    points: dict[str, tuple[float, ...] | None] = {}
    for file in landmark_files(root, name):
        points |= {tail(path): found for path, found in read_landmark_list(file).items()}
    if paths and not any(tail(path) in points for path in paths):
        raise DataError(
            root / name,
            f"has points of '{printable(next(iter(points), 'no picture'))}' and others, but of "
            f"none that the dataset lists, such as '{printable(paths[0])}'. Points are px of one "
            "picture: use the pictures they were found on.",
        )
    return points


def tail(path: str) -> str:
    """Return the end of a path, by which pictures are told apart."""
    return "/".join(PurePosixPath(path).parts[-_PARTS:])
