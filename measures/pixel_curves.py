"""Deletion and insertion, averaged, and how far each order is above a random one.

Shapes: N faces, O C orders and curves.
"""

import numpy as np

from contracts.scores import Faithfulness, PixelCurves
from measures.agreement import macro_average
from measures.faces import ORDERS, FaceScores
from measures.hidden_regions import estimates

RANDOM = ORDERS.index("random")
_BETTER = {"deletion": -1, "insertion": 1}
"""Curve, in the order of the areas -> which way it is better: deletion should fall at once."""


def average_faithfulness(
    faces: FaceScores, steps: int, resamples: tuple[int, int]
) -> Faithfulness | None:
    """Average deletion and insertion per expression, then over all; None if not measured.

    Args:
        faces: with the areas under their curves.
        steps: in how many the pixels were replaced.
        resamples: how many, and their seed.
    """
    areas_NOC = faces.faithfulness_NOC
    measured_N = np.isfinite(areas_NOC[:, RANDOM]).all(axis=1)
    if not measured_N.any():
        return None
    gains_NOC = (areas_NOC - areas_NOC[:, RANDOM, None]) * np.array(list(_BETTER.values()))
    gains = estimates(
        faces.labels_N,
        faces.persons_N.tolist(),
        {
            f"{order}_{curve}": gains_NOC[:, row, place]
            for row, order in enumerate(ORDERS)
            for place, curve in enumerate(_BETTER)
        },
        resamples,
        faces.classes,
    )

    def curves(row: int, order: str) -> PixelCurves:
        deletion, insertion = (
            macro_average(values_N, faces.labels_N, np.isfinite(values_N), faces.classes)
            for values_N in areas_NOC[:, row].T
        )
        return PixelCurves(
            deletion=deletion,
            insertion=insertion,
            deletion_gain=gains[f"{order}_deletion"],
            insertion_gain=gains[f"{order}_insertion"],
        )

    return Faithfulness(
        steps=steps,
        faces=int(measured_N.sum()),
        **{order: curves(row, order) for row, order in enumerate(ORDERS)},
    )
