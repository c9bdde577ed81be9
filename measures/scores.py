"""All scores that follow from the numbers per face: of one run, or of the folds of one together."""

from dataclasses import dataclass
from typing import Any

from measures.agreement import au_shares, average_faithfulness, compute_agreements, subgroups
from measures.bootstrap import compared_scores, intervals
from measures.classification import calibration, classification
from measures.faces import FaceScores


@dataclass(frozen=True, slots=True)
class ScoreSettings:
    """Numbers of [evaluate] that scores depend on; codebook: whose action units these are."""

    codebook: str
    calibration_bins: int
    subgroup_min: int
    bootstrap: int
    seed: int
    faithfulness_steps: int


def compute_scores(faces: FaceScores, settings: ScoreSettings) -> dict[str, Any]:
    """Return the keys of contracts.scores.Scores that follow from the faces."""
    predicted_N = faces.probabilities_NV.argmax(axis=1)
    return {
        **classification(faces.labels_N, predicted_N),
        "calibration": calibration(
            faces.probabilities_NV, faces.labels_N, settings.calibration_bins
        ),
        **compute_agreements(faces),
        "au_shares": au_shares(faces, settings.codebook),
        "intervals": intervals(
            compared_scores(faces),
            faces.labels_N,
            faces.persons_N.tolist(),
            settings.bootstrap,
            settings.seed,
        ),
        "subgroups": subgroups(faces, settings.subgroup_min),
        "faithfulness": average_faithfulness(faces, settings.faithfulness_steps),
    }
