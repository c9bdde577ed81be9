"""Agreement of a model's maps with what each face itself does: its own coded action units.

Shapes: N faces, M maps (levels, then the CAM).
"""

import numpy as np
from numpy.typing import NDArray

from contracts.scores import (
    OWN_BASELINES,
    MacroAverage,
    OwnAgreement,
    OwnBaselines,
    OwnUnitScores,
)
from measures.agreement import macro_average
from measures.faces import CAM, FaceScores


def own_unit_scores(faces: FaceScores) -> OwnUnitScores | None:
    """Average over the faces with a map of their own; None if no face was coded."""
    if not faces.own_coded_N.any():
        return None

    def mean(values_N: NDArray[np.floating]) -> MacroAverage:
        return macro_average(values_N, faces.labels_N, np.isfinite(values_N), faces.classes)

    def agreement(index: int) -> OwnAgreement:
        return OwnAgreement(
            **dict(mean(faces.own_cosines_NM[:, index])),
            selectivity=mean(faces.own_selectivity_NM[:, index]),
        )

    layers = faces.own_cosines_NM.shape[1] - 1
    own = {name: mean(faces.own_baselines_NK[:, place]) for place, name in enumerate(OWN_BASELINES)}
    stencil_N, limit_N = faces.own_levels_NK.T
    return OwnUnitScores(
        coded=int(faces.own_coded_N.sum()),
        n=len(faces.labels_N),
        att_cos={str(layer + 1): agreement(layer) for layer in range(layers)},
        cam_cos=agreement(CAM),
        baselines=OwnBaselines(**own),
        stencil_selectivity=mean(stencil_N),
        limit=mean(limit_N),
    )
