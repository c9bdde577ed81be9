"""An expression on a face: which action units act how strongly, and where they carry the points.

P = 98 control points of portrait.py, eye frame.
"""

import numpy as np
from numpy.typing import NDArray

from demo.action_units import (
    LIP_TIGHTENER,
    displacement,
    recipe,
)
from demo.numbers import numbers
from demo.portrait import MOUTH

Points = NDArray[np.float64]
Intensities = dict[str, float]

_UPPER_INNER, _LOWER_INNER = (61, 62, 63), (67, 66, 65)
_BROWS, _LIDS = (18, 19, 20, 21, 22, 23, 24, 25), (37, 37, 38, 39, 42, 43, 44, 44)
_CREASES = (76, 77, 78, 79)
_BROWS_OF_CREASES, _LIDS_OF_CREASES = (19, 20, 24, 23), (37, 38, 44, 43)
_BROW_GAP = 0.12  # eye distances
_CLOSED_GAP = 0.02  # eye distances between the closed lips: what the portrait's resting mouth has


def intensities(expression: int, rng: np.random.Generator, variety: float = 0.0) -> Intensities:
    """Draw how strongly each action unit acts.

    The recipe, varied, and in half of the faces one weak further action unit.

    Args:
        expression: id, 0 to 6.
        rng: advanced, by as much for every variety.
        variety: in [0, 1]; see `_varied`.

    Returns:
        AU -> intensity; 1 is the amount in action_units.py, the strongest possible are near 1.6.
    """
    chosen = {
        unit: mean * rng.uniform(0.75, 1.15) * rng.uniform(0.75, 1.2)
        for unit, mean in recipe(expression).items()
    }
    if rng.random() < 0.5:
        unused = [unit for unit in numbers()["distractors"] if unit not in chosen]
        distractor = str(rng.choice(unused))
        chosen[distractor] = rng.uniform(0.05, 0.22)
    return _varied(expression, chosen, variety, rng.spawn(1)[0]) if variety else chosen


def _varied(
    expression: int, chosen: Intensities, variety: float, rng: np.random.Generator
) -> Intensities:
    """Let faces of one expression differ in which units act.

    Up to half of the recipe's units are left out, each with probability `variety`; and with the
    same probability, one unit that is not in the recipe acts strongly.
    """
    units = [*recipe(expression)]
    absent = rng.choice(units, rng.binomial(len(units) // 2, variety), replace=False).tolist()
    kept = {unit: value for unit, value in chosen.items() if unit not in absent}
    if rng.random() < variety:
        others = [unit for unit in numbers()["distractors"] if unit not in units]
        kept[str(rng.choice(others))] = rng.uniform(0.4, 0.9)
    return kept


def expressed(points_P2: Points, chosen: Intensities, rng: np.random.Generator) -> Points:
    """Return the control points once the action units have acted, a little stronger on one side.

    Args:
        points_P2: (98, 2), the face at rest.
        chosen: AU -> intensity.
        rng: advanced; draws one asymmetry per unit, N(0, 0.08).
    """
    side = np.sign(points_P2[:, :1])
    result = points_P2.copy()
    for unit, intensity in chosen.items():
        result += displacement(unit) * intensity * (1 + side * rng.normal(0, 0.08))
    return _brows_up(_lips_apart(_tightened(result, chosen.get(LIP_TIGHTENER, 0.0))))


def _tightened(points_P2: Points, intensity: float) -> Points:
    """Return the face with lips made thinner, by 45 % at intensity 1 (AU23)."""
    result, mouth = points_P2.copy(), list(MOUTH)
    line = points_P2[[62, 66], 1].mean()
    thinner = 1 - 0.45 * min(intensity, 1.5)
    result[mouth, 1] = line + (points_P2[mouth, 1] - line) * thinner
    return result


def _lips_apart(points_P2: Points) -> Points:
    """Return the face with no lower lip above the upper one."""
    result = points_P2.copy()
    upper, lower = result[list(_UPPER_INNER), 1], result[list(_LOWER_INNER), 1]
    lack = np.maximum(_CLOSED_GAP * 0.6 - (lower - upper), 0)
    result[list(_UPPER_INNER), 1] -= lack / 2
    result[list(_LOWER_INNER), 1] += lack / 2
    return result


def _brows_up(points_P2: Points) -> Points:
    """Return the face with every brow above its lid and the lid's crease between them.

    A warp must not fold.
    """
    result = points_P2.copy()
    brows, lids, creases = list(_BROWS), list(_LIDS), list(_CREASES)
    result[brows, 1] = np.minimum(result[brows, 1], result[lids, 1] - _BROW_GAP)
    upper, lower = result[list(_BROWS_OF_CREASES), 1], result[list(_LIDS_OF_CREASES), 1]
    third = (lower - upper) / 3
    result[creases, 1] = np.clip(result[creases, 1], upper + third, lower - third)
    return result
