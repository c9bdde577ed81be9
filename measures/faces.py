"""The numbers per face that every score follows from: faces.npz of stage `evaluate`.

Scores of several folds are those of their faces together, so the faces are kept.
Shapes: N faces, V classes, M maps (attention from shallow to deep, then the CAM),
U action units of the codebook, O C orders and curves of faithfulness, D = 2 (valence, arousal) or 0
for a model that predicts neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]

ATTENTION, CAM = -2, -1
"""Indices of the deepest attention and of the CAM among the maps."""
ORDERS = ("cam", "attention", "random")
CURVES = ("deletion", "insertion")
"""What faithfulness is measured with: orders of the pixels, and curves."""
_ATTRIBUTE = "attribute_"


@dataclass(frozen=True, slots=True)
class FaceScores:
    """What a model made of some faces.

    Attributes:
        rows_N: of the dataset's stores.
        persons_N: names; empty where unknown.
        classes: names, by id.
        labels_N: class ids.
        probabilities_NV: rows sum to one.
        valid_N: whether there is an AU map of the face's expression; the next four count only then.
        cosines_NM: of each map with that AU map; centred_NM: the same with both means taken out.
        selectivity_NM: minus the mean cosine with the other expressions' maps; NaN without any.
        baselines_NK: cosine of each map of contracts.scores.BASELINES.
        annotated_NV: share of each class in several people's labels, NaN where it is not known;
            less than one together where some are for other classes; (N, 0) if there are none.
        own_coded_N: whether action units of the face itself were coded.
        own_cosines_NM: of each map with the map of these units; own_selectivity_NM: minus that with
            the units of another face of the expression; NaN without either.
        own_baselines_NK: cosine of each map of contracts.scores.OWN_BASELINES with the own map.
        own_levels_NK: selectivity of the expression's stencil, and of the own map itself.
        valence_arousal_N3D: as the model predicts, as the dataset says, and as a constant has it;
            NaN where the dataset does not say.
        shares_NU: of the attention on every AU's region, NaN without it; areas_NU: its size.
        faithfulness_NOC: areas under the curves; NaN for a face on which they were not measured.
        drop_NR: fall of the label's probability when each distinct region (measures.hidden_regions)
            is hidden; NaN where it was not measured.
        elsewhere_NR: when its shape is hidden at a random place. hidden_NR: area of the region.
        attributes: of the dataset -> value per face, empty where unknown.
    """

    rows_N: NDArray[np.int64]
    persons_N: NDArray[np.str_]
    classes: tuple[str, ...]
    labels_N: NDArray[np.int64]
    probabilities_NV: F32
    valid_N: NDArray[np.bool_]
    cosines_NM: F32
    centred_NM: F32
    selectivity_NM: F32
    baselines_NK: F32
    annotated_NV: F32
    own_coded_N: NDArray[np.bool_]
    own_cosines_NM: F32
    own_selectivity_NM: F32
    own_baselines_NK: F32
    own_levels_NK: F32
    valence_arousal_N3D: F32
    shares_NU: F32
    areas_NU: F32
    faithfulness_NOC: F32
    drop_NR: F32
    elsewhere_NR: F32
    hidden_NR: F32
    attributes: Mapping[str, NDArray[np.str_]]

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether the prediction is the label."""
        return np.asarray(self.probabilities_NV.argmax(axis=1) == self.labels_N)

    def as_arrays(self) -> Arrays:
        """Return what faces.npz holds."""
        arrays = {name: getattr(self, name) for name in _NUMBERS}
        arrays["classes"] = np.array(self.classes, np.str_)
        return arrays | {f"{_ATTRIBUTE}{key}": one for key, one in self.attributes.items()}


_NUMBERS = tuple(
    one.name for one in fields(FaceScores) if one.name not in ("attributes", "classes")
)


def read_face_scores(path: Path) -> FaceScores:
    """Read faces.npz.

    Raises:
        KeyError: if an array is missing.
    """
    with np.load(path, allow_pickle=False) as found:
        attributes = {
            name.removeprefix(_ATTRIBUTE): found[name]
            for name in found.files
            if name.startswith(_ATTRIBUTE)
        }
        return FaceScores(
            **{name: found[name] for name in _NUMBERS},
            classes=tuple(found["classes"].tolist()),
            attributes=attributes,
        )


def concatenate_faces(parts: Sequence[FaceScores]) -> FaceScores:
    """Put faces together; an attribute that one part lacks is left out."""
    shared = [name for name in parts[0].attributes if all(name in one.attributes for one in parts)]
    return FaceScores(
        **{name: np.concatenate([getattr(one, name) for one in parts]) for name in _NUMBERS},
        classes=parts[0].classes,
        attributes={
            name: np.concatenate([one.attributes[name] for one in parts]) for name in shared
        },
    )
