"""Small differences of build between faces, so that no two samples share one shape.

P = 98, eye frame.
"""

import numpy as np
from numpy.typing import NDArray

from anatomy.landmarks import REGIONS
from demo.portrait import ANCHORS, INNER_FOREHEAD, MOUTH, OUTER_FOREHEAD

Points = NDArray[np.float64]

_JAW, _NOSE = list(REGIONS["jaw"]), list(REGIONS["nose"])
_BROWS = [*REGIONS["left brow"], *REGIONS["right brow"]]
_EYES = (
    [*REGIONS["left eye"], 76, 77, 80],
    [*REGIONS["right eye"], 78, 79, 81],
)
_FOREHEAD = [INNER_FOREHEAD, OUTER_FOREHEAD, INNER_FOREHEAD + 4, OUTER_FOREHEAD + 4]


def varied(points_P2: Points, rng: np.random.Generator) -> Points:
    """Return the resting face of a slightly different person; the anchors stay.

    Standard deviations: width and height 3.5 %, jaw 5 %, brow height 3.5 % of an eye distance, nose
    3 %, mouth 6 %, eyes 6 % wide and 8 % high; each is cut at two of them.
    """
    result = points_P2.copy()
    result[_JAW] = result[_JAW] * (1 + _draw(rng, 0.05, 0))
    _scale(result, _NOSE, result[27].copy(), 1 + _draw(rng, 0.03, 0.03))
    _scale(result, list(MOUTH), result[list(MOUTH)].mean(axis=0), 1 + _draw(rng, 0.06, 0.06))
    size = 1 + _draw(rng, 0.06, 0.08)
    for eye in _EYES:
        _scale(result, eye, result[eye].mean(axis=0), size)
    lift = _draw(rng, 0.035)
    result[_BROWS, 1] += lift
    result[_FOREHEAD, 1] += lift / 2
    result *= 1 + _draw(rng, 0.035, 0.035)
    result[list(ANCHORS)] = points_P2[list(ANCHORS)]
    return result


def _draw(rng: np.random.Generator, *deviations: float) -> Points:
    """Return one normal number per deviation, cut at two of them."""
    return np.array(deviations) * np.clip(rng.standard_normal(len(deviations)), -2, 2)


def _scale(points_P2: Points, part: list[int], centre_2: Points, factor_2: Points) -> None:
    """Move some of the points, in place, away from or towards a centre."""
    points_P2[part] = centre_2 + (points_P2[part] - centre_2) * factor_2
