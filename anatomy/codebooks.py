"""What is drawn for which class: a label set's action units, with the regions of a codebook.

The codebook `published` draws what the published system draws (Belharbi et al., FG 2024);
`corrected` puts right what looks odd in it.
Shapes: N faces.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from anatomy.action_units import (
    ACTION_UNITS,
    CORRECTED_UNITS,
    FURTHER_UNITS,
    ActionUnit,
    Ellipse,
    Frame,
    Ints,
    Region,
    WeightedRegions,
)
from contracts.labels import LabelSet, LabelUnit
from errors import UsageError, pick


class Geometry(NamedTuple):
    """Where a codebook draws action units.

    Attributes:
        units: FACS number -> AU.
        face_scaled: whether lengths follow the size of the face; else they are px of the canvas.
    """

    units: Mapping[int, ActionUnit]
    face_scaled: bool


CODEBOOKS = {
    "published": Geometry({**ACTION_UNITS, **FURTHER_UNITS}, face_scaled=False),
    "corrected": Geometry({**CORRECTED_UNITS, **FURTHER_UNITS}, face_scaled=True),
}

PUBLISHED = "published"
"""The codebook of whoever names none."""

GENERIC_UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 20, 23, 24, 25, 26, 27, 43)
"""The twenty AUs of the published generic map. A label set's further ones come after them."""


UnitSet = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ActiveSide:
    """The ellipse of the side of the face that moves more.

    Attributes:
        left, right: the two.
        near: two pairs of points, of the left and the right side: the side whose points are nearer
            to each other is the active one; the left one where they are equally near.
    """

    left: Ellipse
    right: Ellipse
    near: tuple[tuple[int, int], tuple[int, int]]

    def on(self, frame: Frame) -> tuple[Ints, Ints]:
        """Return centre (x, y) and half axes (a, b) on every face, whole px: (N, 2) each."""
        left_N, right_N = (
            np.linalg.norm(frame.points_NL2[:, a] - frame.points_NL2[:, b], axis=1)
            for a, b in self.near
        )
        is_left_N1 = (left_N <= right_N)[:, None]
        sides = zip(self.left.on(frame), self.right.on(frame), strict=True)
        centres_N2, axes_N2 = (np.where(is_left_N1, left, right) for left, right in sides)
        return centres_N2, axes_N2


_NEAR_EYE = ((48, 36), (54, 45))
"""A raised corner of the mouth is nearer to the outer corner of its eye."""
_NEAR_JAW = ((48, 5), (54, 11))
"""A lowered or stretched one is nearer to the jaw."""
_NARROW_EYE = ((37, 41), (44, 46))
"""Upper and lower lid."""
_NEAR_BROW = ((21, 39), (22, 42))
"""Inner brow and inner corner of the eye."""

ACTIVE_SIDES = {
    **dict.fromkeys((6, 10, 11, 12, 14), _NEAR_EYE),
    **dict.fromkeys((15, 16, 20), _NEAR_JAW),
    **dict.fromkeys((7, 43, 44, 45, 46), _NARROW_EYE),
    9: _NEAR_BROW,
}
"""FACS number -> which points are nearer on the side where the AU is stronger.

Our own choice; all of them stay as they are when the head is rolled.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """What is drawn for which class of a label set.

    Attributes:
        name: row of CODEBOOKS.
        labels: the label set.
        regions: FACS number -> AU, of all that can be drawn.
        units: FACS number -> AU, of those that belong to the set: the generic ones and its own.
        expressions: class -> FACS numbers.
        placed: class -> (FACS number, region), in their order.
        drawn: class -> its regions, each once.
        face_scaled: see Geometry.
    """

    name: str
    labels: LabelSet
    regions: Mapping[int, ActionUnit]
    units: Mapping[int, ActionUnit]
    expressions: Mapping[str, UnitSet]
    placed: Mapping[str, tuple[tuple[int, Region], ...]]
    drawn: Mapping[str, WeightedRegions]
    face_scaled: bool

    @property
    def sets(self) -> list[WeightedRegions]:
        """Regions of every class, in the order of the ids."""
        return list(self.drawn.values())

    @property
    def everything(self) -> WeightedRegions:
        """Regions of all units: the generic map."""
        return merge_regions([(unit.region, 1.0) for unit in self.units.values()])


@cache
def codebook_of(labels: LabelSet, name: str) -> Codebook:
    """Return what a codebook draws for a label set.

    Raises:
        UsageError: if there is no such codebook, or it cannot draw one of the set's action units.
    """
    geometry = pick(CODEBOOKS, name, "codebook")
    weighted = {
        one.name: [
            (unit, _region(unit, geometry, f"label set {labels.name}, class {one.name}"))
            for unit in one.units_in(name)
        ]
        for one in labels.classes
    }
    further = {unit.au for pairs in weighted.values() for unit, _ in pairs} - {*GENERIC_UNITS}
    own = {number: geometry.units[number] for number in (*GENERIC_UNITS, *sorted(further))}
    return Codebook(
        name=name,
        labels=labels,
        regions=geometry.units,
        units=own,
        expressions={key: tuple(unit.au for unit, _ in one) for key, one in weighted.items()},
        placed={
            key: tuple((unit.au, region) for unit, region in one) for key, one in weighted.items()
        },
        drawn={
            key: merge_regions([(region, unit.weight) for unit, region in one])
            for key, one in weighted.items()
        },
        face_scaled=geometry.face_scaled,
    )


def merge_regions(regions: list[tuple[Region, float]]) -> WeightedRegions:
    """Return every region once, in their order, with its largest weight."""
    merged: dict[Region, float] = {}
    for region, weight in regions:
        merged[region] = max(merged.get(region, 0.0), weight)
    return tuple(merged.items())


def unit_of(units: Mapping[int, ActionUnit], number: int) -> ActionUnit:
    """Return an action unit by its FACS number.

    Raises:
        UsageError: if it cannot be drawn, with those that can.
    """
    named = pick({str(one): one for one in units}, str(number), "action unit")
    return units[named]


def _region(unit: LabelUnit, geometry: Geometry, where: str) -> Region:
    """Return where an AU of a class is drawn, on its side. where: of which class, for messages."""
    try:
        region = unit_of(geometry.units, unit.au).region
    except UsageError as error:
        raise UsageError(where, error.what) from error
    if unit.side == "both":
        return region
    if len(region) != 2 or (unit.side == "active" and unit.au not in ACTIVE_SIDES):
        known = ", ".join(map(str, sorted(ACTIVE_SIDES)))
        raise UsageError(
            where,
            f"AU{unit.au} cannot be drawn on side '{unit.side}'. Write side: both; "
            f"'active' is known for AU {known}.",
        )
    left, right = region
    if unit.side == "active":
        return (ActiveSide(left, right, ACTIVE_SIDES[unit.au]),)
    return (left,) if unit.side == "left" else (right,)
