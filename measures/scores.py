"""All scores that follow from the numbers per face: of one run, or of the folds of one together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anatomy.codebooks import Codebook
from measures.agreement import au_shares, compute_agreements, subgroups
from measures.bootstrap import compared_scores, intervals
from measures.classification import calibration, classification
from measures.faces import FaceScores
from measures.hidden_regions import region_importance
from measures.own_units import own_unit_scores
from measures.pixel_curves import average_faithfulness
from measures.soft_labels import soft_scores
from measures.valence_arousal import valence_arousal_scores


@dataclass(frozen=True, slots=True)
class ScoreSettings:
    """Numbers of [evaluate] that scores depend on.

    codebook: which action units belong to which class. steps, fill: of what was hidden.
    """

    codebook: Codebook
    calibration_bins: int
    subgroup_min: int
    bootstrap: int
    seed: int
    steps: int
    fill: str

    @classmethod
    def of(cls, codebook: Codebook, params: Mapping[str, Any]) -> "ScoreSettings":
        """Take them out of [evaluate]."""
        keys = ("calibration_bins", "subgroup_min", "bootstrap", "seed")
        hiding = params["hiding"]
        numbers = {key: params[key] for key in keys}
        return cls(codebook=codebook, **numbers, steps=hiding["steps"], fill=hiding["fill"])


def compute_scores(faces: FaceScores, settings: ScoreSettings) -> dict[str, Any]:
    """Return the keys of contracts.scores.Scores that follow from the faces."""
    resamples = settings.bootstrap, settings.seed
    predicted_N = faces.probabilities_NV.argmax(axis=1)
    return {
        **classification(faces.labels_N, predicted_N, faces.classes),
        "calibration": calibration(
            faces.probabilities_NV, faces.labels_N, settings.calibration_bins
        ),
        **compute_agreements(faces),
        "own_units": own_unit_scores(faces),
        "valence_arousal": valence_arousal_scores(faces, *resamples),
        "soft": soft_scores(faces),
        "au_shares": au_shares(faces, settings.codebook),
        "intervals": intervals(
            compared_scores(faces),
            faces.labels_N,
            faces.persons_N.tolist(),
            *resamples,
        ),
        "subgroups": subgroups(faces, settings.subgroup_min),
        "faithfulness": average_faithfulness(faces, settings.steps, resamples),
        "regions": region_importance(faces, resamples, settings.codebook, settings.fill),
    }
