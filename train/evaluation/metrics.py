"""The numbers per face that scores follow from, out of the outputs of a model.

Shapes: N faces, M maps (layers, then CAM), V classes, U action units of the codebook.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from measures.faces import F32, FaceScores
from train.evaluation.batch import EvalFaces, EvalOutputs
from train.evaluation.hiding import HidingEffects
from train.evaluation.own_units import OwnUnits

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]

ZERO_2 = np.zeros(2)
"""Neither pleasant nor unpleasant, neither calm nor excited."""


def face_scores(
    outputs: EvalOutputs,
    faces: EvalFaces,
    hiding: HidingEffects,
    own: OwnUnits | None,
    constant_2: Floats = ZERO_2,
) -> FaceScores:
    """Return the numbers per face.

    Args:
        outputs: of the model.
        faces: that it saw.
        hiding: what hiding parts of the pictures did.
        own: action units that were coded on them; None if there are none.
        constant_2: valence and arousal that a guess without looking has.
    """
    labels_N = faces.labels_N
    valid_N = outputs.has_own_map(labels_N)
    maps = range(outputs.cosines_BMV.shape[1])
    baselines = (
        own_cosine(outputs.uniform_BV, labels_N),
        outputs.all_aus_B,
        class_mean_cosine(outputs.au_BSS, labels_N, valid_N),
    )

    def stacked(columns: list[Floats]) -> F32:
        return np.stack(columns, axis=1).astype(np.float32)

    return FaceScores(
        rows_N=faces.rows_N,
        persons_N=np.array(faces.table["person"].to_list(), np.str_),
        classes=faces.classes,
        labels_N=labels_N,
        probabilities_NV=outputs.probabilities_BV.astype(np.float32),
        valid_N=valid_N,
        cosines_NM=stacked([own_cosine(outputs.cosines_BMV[:, one], labels_N) for one in maps]),
        centred_NM=stacked([own_cosine(outputs.centred_BMV[:, one], labels_N) for one in maps]),
        selectivity_NM=stacked(
            [selectivity(outputs.cosines_BMV[:, one], outputs.defined_BV, labels_N) for one in maps]
        ),
        baselines_NK=stacked(list(baselines)),
        annotated_NV=_annotated(faces),
        own_coded_N=np.zeros(len(labels_N), bool) if own is None else own.coded_N,
        **_own_units(outputs),
        valence_arousal_N3D=_valence_arousal(outputs, faces, constant_2),
        shares_NU=outputs.shares_BU.astype(np.float32),
        areas_NU=outputs.areas_BU.astype(np.float32),
        faithfulness_NOC=hiding.faithfulness_NOC,
        drop_NR=hiding.regions.drop_BU,
        elsewhere_NR=hiding.regions.elsewhere_BU,
        hidden_NR=hiding.regions.area_BU,
        attributes={
            name: np.array(faces.table[name].to_list(), np.str_) for name in faces.attributes
        },
    )


def _valence_arousal(outputs: EvalOutputs, faces: EvalFaces, constant_2: Floats) -> F32:
    """Return what is predicted, true and constant: (N, 3, D)."""
    predicted_ND = outputs.valence_arousal_BD
    if not predicted_ND.size:
        return np.zeros((len(faces.labels_N), 3, 0), np.float32)
    true_N2 = faces.valence_arousal_N2
    unknown_N2 = np.full_like(predicted_ND, np.nan)
    constant_N2 = np.broadcast_to(constant_2, predicted_ND.shape)
    columns = (predicted_ND, unknown_N2 if true_N2 is None else true_N2, constant_N2)
    return np.stack(columns, axis=1).astype(np.float32)


def _annotated(faces: EvalFaces) -> F32:
    shares_NV = faces.annotated_NV
    return np.zeros((len(faces.labels_N), 0), np.float32) if shares_NV is None else shares_NV


def _own_units(outputs: EvalOutputs) -> dict[str, F32]:
    """Return the numbers that follow from the maps of coded action units, as float32."""
    own_NM, other_NM = (outputs.own_cosines_BMK[..., which] for which in (0, 1))
    class_own_N, class_other_N, own_other_N = outputs.own_references_BK[:, 2:].T
    found = {
        "own_cosines_NM": own_NM,
        "own_selectivity_NM": own_NM - other_NM,
        "own_baselines_NK": outputs.own_references_BK[:, :3],
        "own_levels_NK": np.stack([class_own_N - class_other_N, 1 - own_other_N], axis=1),
    }
    return {name: one.astype(np.float32) for name, one in found.items()}


def own_cosine(cosines_NV: Floats, labels_N: Ints) -> Floats:
    """Return each face's cosine with the map of its own expression: (N,)."""
    return np.asarray(cosines_NV[np.arange(len(labels_N)), labels_N])


def selectivity(cosines_NV: Floats, defined_NV: Bools, labels_N: Ints) -> Floats:
    """Return the cosine with the own expression's map minus the mean cosine with the others.

    All maps are of the same face. Attention that is the same blob on every face has a high
    cosine and a selectivity of zero. NaN if no other map is defined.
    """
    others_NV = defined_NV.copy()
    others_NV[np.arange(len(labels_N)), labels_N] = False
    count_N = others_NV.sum(axis=1)
    sums_N = np.where(others_NV, cosines_NV, 0).sum(axis=1)
    mean_N = np.divide(sums_N, count_N, out=np.full(len(labels_N), np.nan), where=count_N > 0)
    return np.asarray(own_cosine(cosines_NV, labels_N) - mean_N)


def class_mean_cosine(
    au_NSS: NDArray[Any], labels_N: NDArray[np.int64], valid_N: Bools
) -> NDArray[np.float64]:
    """Cosine of each face's AU map with the mean AU map of its expression over these faces."""
    flat_NP = au_NSS.reshape(len(au_NSS), -1)
    cosine = np.zeros(len(flat_NP))
    for expression in np.unique(labels_N[valid_N]):
        chosen = valid_N & (labels_N == expression)
        mean_P = flat_NP[chosen].mean(axis=0)
        norms = np.linalg.norm(flat_NP[chosen], axis=1) * np.linalg.norm(mean_P)
        cosine[chosen] = flat_NP[chosen] @ mean_P / np.maximum(norms, 1e-8)
    return cosine
