"""RAF-DB's annotations of the original pictures: five points, attributes, and a box.

Published code disagrees on the order of a box's numbers, so the points decide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from errors import DataError, NoInputError
from pipeline.datasets.table import lines, numbers, whole_number

_GENDERS = ("male", "female", "unsure")
_RACES = ("Caucasian", "African-American", "Asian")
_AGES = ("0-3", "4-19", "20-39", "40-69", "70+")
_ATTRIBUTES = {"gender": _GENDERS, "race": _RACES, "age": _AGES}
_POINTS = 5
_ORDERS = {"x0 y0 x1 y1": (0, 1, 2, 3), "y0 x0 y1 x1": (1, 0, 3, 2)}
_SURE = 0.95

Numbers = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is known of one picture; box as x, y, width, height in px."""

    box: Numbers | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


def read_annotations(folder: Path) -> dict[str, Annotation]:
    """Return picture, without its suffix -> annotation; empty if there are none.

    Args:
        folder: `Annotation`, with `manual/*_manu_attri.txt` and `boundingbox/*_boundingbox.txt`.

    Raises:
        NoInputError: if they are still packed.
        DataError: if a file cannot be read, or in no order of their numbers the boxes hold faces.
    """
    manual = _files(folder / "manual", "_manu_attri.txt")
    boxes = _files(folder / "boundingbox", "_boundingbox.txt")
    points: dict[str, Numbers] = {}
    attributes: dict[str, dict[str, str]] = {}
    for name, file in manual.items():
        points[name], attributes[name] = _manual(file)
    corners = {name: _corners(file) for name, file in boxes.items()}
    order = _order(folder, points, corners)
    placed = {name: _box([four[place] for place in order]) for name, four in corners.items()}
    return {
        name: Annotation(placed.get(name), attributes.get(name, {}))
        for name in {**attributes, **placed}
    }


def _files(folder: Path, ending: str) -> dict[str, Path]:
    packed = folder.with_name(folder.name + ".zip")
    if packed.exists() and not folder.is_dir():
        raise NoInputError(packed, "is still packed. Unpack it there, or move it elsewhere.")
    return {file.name.removesuffix(ending): file for file in sorted(folder.glob(f"*{ending}"))}


def _manual(file: Path) -> tuple[Numbers, dict[str, str]]:
    """Read ten coordinates, then gender, race and age as ids."""
    words = " ".join(line for _, line in lines(file)).split()
    coordinates, ids = words[: 2 * _POINTS], words[2 * _POINTS :]
    points = numbers(" ".join(coordinates), 2 * _POINTS, "the file", str(file)) or ()
    chosen = [whole_number(word, str(file)) for word in ids]
    if len(chosen) != len(_ATTRIBUTES) or any(
        number >= len(names) for number, names in zip(chosen, _ATTRIBUTES.values(), strict=False)
    ):
        raise DataError(file, "needs five points, then gender 0 to 2, race 0 to 2 and age 0 to 4.")
    attributes = {
        what: names[number]
        for (what, names), number in zip(_ATTRIBUTES.items(), chosen, strict=True)
    }
    return points, {"five_points": " ".join(f"{value:.10g}" for value in points), **attributes}


def _corners(file: Path) -> Numbers:
    first = next((line for _, line in lines(file)), "")
    corners = numbers(" ".join(first.split()[:4]), 4, "the file", str(file))
    if corners is None:
        raise DataError(file, "is empty; it needs the four numbers of a box.")
    return corners


def _order(
    folder: Path, points: Mapping[str, Numbers], corners: Mapping[str, Numbers]
) -> Sequence[int]:
    """Choose the order in which almost all boxes hold the five points of their face."""
    both = [name for name in corners if name in points]
    if not both:
        if corners:
            raise DataError(
                folder / "boundingbox",
                "has boxes and `manual` has no points to tell in which order their numbers stand. "
                "Put the points there, or move the boxes elsewhere.",
            )
        return _ORDERS["x0 y0 x1 y1"]
    shares = {
        order: sum(_holds([corners[name][i] for i in places], points[name]) for name in both)
        / len(both)
        for order, places in _ORDERS.items()
    }
    best = max(shares, key=shares.__getitem__)
    if shares[best] <= _SURE:
        fits = ", ".join(f"{order}: {share:.0%}" for order, share in shares.items())
        raise DataError(
            folder / "boundingbox",
            f"in no known order of their numbers do the boxes hold the five points ({fits}; more "
            f"than {_SURE:.0%} are needed). To go on without boxes move this folder elsewhere.",
        )
    return _ORDERS[best]


def _holds(box: Sequence[float], points: Numbers) -> bool:
    x0, y0, x1, y1 = box
    return all(x0 <= x <= x1 for x in points[::2]) and all(y0 <= y <= y1 for y in points[1::2])


def _box(corners: Sequence[float]) -> Numbers:
    x0, y0, x1, y1 = corners
    return (x0, y0, x1 - x0, y1 - y0)
