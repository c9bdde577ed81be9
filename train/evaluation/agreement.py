"""How well attention agrees with the action units, with what makes the number honest beside it.

Shapes: N faces, V = 7 expressions.
"""

import numpy as np
from numpy.typing import NDArray

from anatomy.expressions import EXPRESSIONS

Floats = NDArray[np.floating]
Json = dict[str, object]


def own_cosine(cosines_NV: Floats, labels_N: NDArray[np.integer]) -> Floats:
    """Return each face's cosine with the map of its own expression: (N,)."""
    return np.asarray(cosines_NV[np.arange(len(labels_N)), labels_N])


def selectivity(
    cosines_NV: Floats, defined_NV: NDArray[np.bool_], labels_N: NDArray[np.integer]
) -> Floats:
    """Return the cosine with the own expression's map minus the mean cosine with the others.

    All maps are of the same face. Attention that is the same blob whatever the face scores a high
    cosine, and nothing here. NaN where no other map is defined.
    """
    others_NV = defined_NV.copy()
    others_NV[np.arange(len(labels_N)), labels_N] = False
    counted_N = others_NV.sum(axis=1)
    sums_N = np.where(others_NV, cosines_NV, 0).sum(axis=1)
    mean_N = np.divide(sums_N, counted_N, out=np.full(len(labels_N), np.nan), where=counted_N > 0)
    return np.asarray(own_cosine(cosines_NV, labels_N) - mean_N)


def summary(values_N: Floats, labels_N: NDArray[np.integer], valid_N: NDArray[np.bool_]) -> Json:
    """Average a value a class, then over classes, as published.

    Args:
        values_N: one number a face.
        labels_N: expression ids.
        valid_N: which faces count: those with a defined AU map.

    Returns:
        overall (the unweighted mean of the classes that have a counted face, None if none has),
        per_class, n_valid and n.
    """
    per_class = {
        name: float(values_N[chosen].mean()) if chosen.any() else None
        for number, name in enumerate(EXPRESSIONS)
        for chosen in [valid_N & (labels_N == number)]
    }
    present = [value for value in per_class.values() if value is not None]
    overall = float(np.mean(present)) if present else None
    return {
        "overall": overall,
        "per_class": per_class,
        "n_valid": int(valid_N.sum()),
        "n": len(labels_N),
    }
