"""Made-up numbers per face."""

import numpy as np

from anatomy.action_units import CODEBOOKS
from measures.faces import FaceScores

UNITS = len(CODEBOOKS["published"].units)


def made_faces(labels, predicted=None, maps=2, **changes):
    """Return faces whose maps have a cosine of 1 and baselines of 0.5; all but Neutral are valid.

    Args:
        labels: expression ids.
        predicted: the same of the predictions; the labels if None.
        maps: attentions and the CAM.
        changes: of the attributes of FaceScores.
    """
    labels = np.asarray(labels)
    count = len(labels)
    whole = np.ones((count, maps), np.float32)
    made = {
        "rows_N": np.arange(count),
        "persons_N": np.array([f"p{row}" for row in range(count)]),
        "labels_N": labels,
        "probabilities_NV": np.eye(7, dtype=np.float32)[labels if predicted is None else predicted],
        "valid_N": labels > 0,
        "cosines_NM": whole,
        "centred_NM": 0.75 * whole,
        "selectivity_NM": 0.5 * whole,
        "baselines_NK": np.full((count, 3), 0.5, np.float32),
        "shares_NU": np.full((count, UNITS), 0.3, np.float32),
        "areas_NU": np.full((count, UNITS), 0.1, np.float32),
        "faithfulness_NOC": np.zeros((count, 0, 0), np.float32),
        "attributes": {},
    }
    return FaceScores(**made | changes)
