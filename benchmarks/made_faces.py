"""Made-up numbers per face, and the scores that follow from them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.codebooks import codebook_of
from benchmarks.basic7 import BASIC7
from measures.faces import FaceScores
from measures.hidden_regions import region_set
from measures.scores import ScoreSettings

BOOK = codebook_of(BASIC7, "published")
UNITS = len(BOOK.units)
REGIONS = len(region_set(BOOK).units)
SETTINGS = ScoreSettings(BOOK, 5, 3, 200, 0, 8, "blur")


def made_faces(
    labels: Sequence[int] | NDArray[Any],
    predicted: Sequence[int] | NDArray[Any] | None = None,
    maps: int = 2,
    **changes: Any,  # noqa: ANN401 - any attribute
) -> FaceScores:
    """Return faces whose maps have a cosine of 1 and baselines of 0.5; all but Neutral are valid.

    Args:
        labels: expression ids.
        predicted: the same of the predictions; the labels if None.
        maps: attentions and the CAM.
        changes: of the attributes of FaceScores.
    """
    labels_N = np.asarray(labels)
    count = len(labels_N)
    whole = np.ones((count, maps), np.float32)
    answers = labels_N if predicted is None else np.asarray(predicted)
    made: dict[str, Any] = {
        "rows_N": np.arange(count),
        "persons_N": np.array([f"p{row}" for row in range(count)]),
        "classes": BASIC7.names,
        "labels_N": labels_N,
        "probabilities_NV": np.eye(7, dtype=np.float32)[answers],
        "valid_N": labels_N > 0,
        "cosines_NM": whole,
        "centred_NM": 0.75 * whole,
        "selectivity_NM": 0.5 * whole,
        "baselines_NK": np.full((count, 3), 0.5, np.float32),
        "annotated_NV": np.zeros((count, 0), np.float32),
        "own_coded_N": np.zeros(count, bool),
        "own_cosines_NM": np.full((count, maps), np.nan, np.float32),
        "own_selectivity_NM": np.full((count, maps), np.nan, np.float32),
        "own_baselines_NK": np.full((count, 3), np.nan, np.float32),
        "own_levels_NK": np.full((count, 2), np.nan, np.float32),
        "valence_arousal_N3D": np.zeros((count, 3, 0), np.float32),
        "shares_NU": np.full((count, UNITS), 0.3, np.float32),
        "areas_NU": np.full((count, UNITS), 0.1, np.float32),
        "faithfulness_NOC": np.full((count, 3, 2), np.nan, np.float32),
        **{
            name: np.full((count, REGIONS), np.nan, np.float32)
            for name in ("drop_NR", "elsewhere_NR", "hidden_NR")
        },
        "attributes": {},
    }
    return FaceScores(**made | changes)


def drawn_faces(
    labels: Sequence[int] | NDArray[Any],
    right: float,
    cosine: float,
    seed: int,
    **changes: Any,  # noqa: ANN401 - any attribute
) -> FaceScores:
    """Return faces of which a share is recognised, with cosines around a value.

    Args:
        labels: expression ids.
        right: share of faces that are recognised; the others are taken for the next expression.
        cosine: mean of ATT-COS; that of the CAM is 0.1 lower, the selectivity a tenth of it.
        seed: of the draws.
        changes: of the attributes of FaceScores.
    """
    rng = np.random.default_rng(seed)
    labels_N = np.asarray(labels)
    answers = np.where(rng.random(len(labels_N)) < right, labels_N, (labels_N + 1) % 7)
    att, cam, select = (
        rng.normal(mean, 0.05, len(labels_N)).astype(np.float32)
        for mean in (cosine, cosine - 0.1, cosine / 10)
    )
    made: dict[str, Any] = {
        "cosines_NM": np.stack([att - 0.1, att, cam], axis=1),
        "centred_NM": np.stack([att, att, cam], axis=1) - 0.25,
        "selectivity_NM": np.stack([select, select, select], axis=1),
        "baselines_NK": np.tile(np.array([0.44, 0.69, 0.94], np.float32), (len(labels_N), 1)),
    }
    return made_faces(labels_N, answers, maps=3, **made | changes)
