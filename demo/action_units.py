"""What each action unit (AU) moves, and which of them make an expression.

Displacements are in eye distances at intensity 1, written for the viewer's left half of the face as
(outward from the midline, down); the other half is their mirror image. Indices are those of
portrait.py.
Source: Ekman, Friesen and Hager, Facial Action Coding System, 2002; amounts chosen by eye.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from demo.numbers import numbers
from demo.portrait import (
    CHEEK,
    CHEEKBONE,
    INNER_FOREHEAD,
    INNER_LID_CREASE,
    MIRROR,
    OUTER_FOREHEAD,
    OUTER_LID_CREASE,
)

LIP_TIGHTENER = "23"
"""AU23 scales the lips instead of shifting them: see `tightened`."""

_POINTS = {
    "cheekbone": CHEEKBONE,
    "cheek": CHEEK,
    "inner forehead": INNER_FOREHEAD,
    "outer forehead": OUTER_FOREHEAD,
    "outer lid crease": OUTER_LID_CREASE,
    "inner lid crease": INNER_LID_CREASE,
}


def expressions() -> tuple[str, ...]:
    """Return the names of the expressions that are drawn; the place of a name is its id."""
    return tuple(numbers()["recipes"])


def recipe(expression: int) -> Mapping[str, float]:
    """Return the mean intensity of each AU of an expression, by its id."""
    found: Mapping[str, float] = numbers()["recipes"][expressions()[expression]]
    return found


def facs_intensities(chosen: Mapping[str, float]) -> dict[int, float]:
    """Return intensities as FACS counts them: number -> share of the maximum, ascending."""
    numbered, strongest = numbers()["facs"], numbers()["strongest"]
    found = {int(numbered.get(unit, unit)): value / strongest for unit, value in chosen.items()}
    return dict(sorted(found.items()))


def displacement(unit: str) -> NDArray[np.float64]:
    """Return what one action unit moves on both halves of the face, (98, 2) in eye distances."""
    moves = np.zeros((len(MIRROR), 2))
    for name, (outward, down) in numbers()["displacements"][unit].items():
        index = _POINTS.get(name, name)
        moves[MIRROR[index]] = outward, down
        moves[index] = -outward, down
    return moves
