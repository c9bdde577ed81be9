"""Computes the scores of one split from the outputs of a model.

The scores are described in contracts.scores.
Shapes: N faces, M maps (layers, then CAM), V = 7 expressions, U action units of the codebook.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.action_units import CODEBOOKS
from anatomy.expressions import EXPRESSIONS
from contracts.scores import (
    Agreement,
    AuShare,
    Baselines,
    Faithfulness,
    Intervals,
    MacroAverage,
    PixelCurves,
    Subgroup,
)
from train.evaluation.batch import EvalFaces, EvalOutputs
from train.evaluation.bootstrap import Score, intervals
from train.evaluation.classification import calibration, classification
from train.evaluation.faithfulness import CURVES, ORDERS
from train.params import EvaluateParams

ATTENTION, CAM = -2, -1
"""Indices of the deepest layer's attention and of the CAM among the maps."""

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]
Json = dict[str, Any]


def compute_scores(
    outputs: EvalOutputs, faces: EvalFaces, params: EvaluateParams, codebook: str
) -> Json:
    """Return the keys of contracts.scores.Scores that follow from outputs and labels."""
    labels, predicted = faces.labels_N, outputs.probabilities_BV.argmax(axis=1)
    return {
        **classification(labels, predicted),
        "calibration": calibration(outputs.probabilities_BV, labels, params.calibration_bins),
        **compute_agreements(outputs, labels),
        "au_shares": au_shares(outputs, labels, codebook),
        "intervals": _intervals(outputs, faces, params),
        "subgroups": subgroups(outputs, faces, params.subgroup_min),
    }


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


def macro_average(values_N: Floats, labels_N: Ints, valid_N: Bools) -> MacroAverage:
    """Average a value per expression, then over expressions, as published.

    Args:
        values_N: one number per face.
        labels_N: expression ids.
        valid_N: which faces count: those with a defined AU map.
    """
    per_class = {
        name: float(values_N[chosen].mean()) if chosen.any() else None
        for number, name in enumerate(EXPRESSIONS)
        for chosen in [valid_N & (labels_N == number)]
    }
    present = [value for value in per_class.values() if value is not None]
    overall = float(np.mean(present)) if present else None
    return MacroAverage(
        overall=overall, per_class=per_class, n_valid=int(valid_N.sum()), n=len(labels_N)
    )


def compute_agreements(outputs: EvalOutputs, labels_N: NDArray[np.int64]) -> Json:
    """Return att_cos per layer, cam_cos, and the baselines."""
    valid_N = outputs.has_own_map(labels_N)

    def mean(values_N: Floats) -> MacroAverage:
        return macro_average(values_N, labels_N, valid_N)

    def agreement(index: int) -> Agreement:
        cosines_NV = outputs.cosines_BMV[:, index]
        return Agreement(
            **dict(mean(own_cosine(cosines_NV, labels_N))),
            centred=mean(own_cosine(outputs.centred_BMV[:, index], labels_N)),
            selectivity=mean(selectivity(cosines_NV, outputs.defined_BV, labels_N)),
        )

    layers = outputs.cosines_BMV.shape[1] - 1
    return {
        "att_cos": {str(layer + 1): agreement(layer) for layer in range(layers)},
        "cam_cos": agreement(CAM),
        "baselines": Baselines(
            uniform=mean(own_cosine(outputs.uniform_BV, labels_N)),
            all_aus=mean(outputs.all_aus_B),
            class_mean=mean(class_mean_cosine(outputs.au_BSS, labels_N, valid_N)),
        ),
    }


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


def au_shares(
    outputs: EvalOutputs, labels_N: NDArray[np.int64], codebook: str
) -> dict[str, AuShare]:
    """Average the share of attention on each AU's region over faces whose expression has it."""
    book = CODEBOOKS[codebook]
    shares: dict[str, AuShare] = {}
    for index, (number, unit) in enumerate(book.units.items()):
        shares_N, areas_N = outputs.shares_BU[:, index], outputs.areas_BU[:, index]
        having = [i for i, name in enumerate(EXPRESSIONS) if number in book.expressions[name]]
        counted = np.isin(labels_N, having) & np.isfinite(shares_N) & (areas_N > 0)
        if counted.any():
            shares[str(number)] = AuShare(
                name=unit.name,
                share=float(shares_N[counted].mean()),
                area=float(areas_N[counted].mean()),
                ratio=float((shares_N[counted] / areas_N[counted]).mean()),
                n=int(counted.sum()),
            )
    return shares


def _intervals(outputs: EvalOutputs, faces: EvalFaces, params: EvaluateParams) -> Intervals | None:
    labels = faces.labels_N
    right = outputs.probabilities_BV.argmax(axis=1) == labels
    valid, everyone = outputs.has_own_map(labels), np.ones(len(labels), bool)
    scores = {
        "accuracy": Score(right, everyone, macro=False),
        "balanced_accuracy": Score(right, everyone, macro=True),
    }
    for name, index in (("att", ATTENTION), ("cam", CAM)):
        cosines = outputs.cosines_BMV[:, index]
        own = own_cosine(cosines, labels)
        selective = selectivity(cosines, outputs.defined_BV, labels)
        scores[f"{name}_cos"] = Score(own, valid, macro=True)
        scores[f"{name}_selectivity"] = Score(selective, valid & np.isfinite(selective), macro=True)
    persons = faces.table["person"].to_list()
    return intervals(scores, labels, persons, params.bootstrap, params.seed)


def subgroups(outputs: EvalOutputs, faces: EvalFaces, min_faces: int) -> dict[str, list[Subgroup]]:
    """Score the values of every attribute that came with the dataset: age, gender, source, ...

    Args:
        outputs: of the model.
        faces: with their attributes.
        min_faces: a value with fewer faces is counted but not scored. An attribute is left out if
            fewer than half the faces have a value with enough: a file name, a valence.
    """
    labels = faces.labels_N
    valid = outputs.has_own_map(labels)
    right = outputs.probabilities_BV.argmax(axis=1) == labels
    own = own_cosine(outputs.cosines_BMV[:, ATTENTION], labels)
    groups: dict[str, list[Subgroup]] = {}
    for attribute in sorted(faces.attributes):
        values_N = faces.table[attribute].to_numpy()
        rows: list[Subgroup] = []
        for value in sorted(set(values_N.tolist()) - {""}):
            chosen = values_N == value
            count = int(chosen.sum())
            agreement = macro_average(own[chosen], labels[chosen], valid[chosen])
            rows.append(
                Subgroup(
                    value=value,
                    n=count,
                    accuracy=float(right[chosen].mean()) if count >= min_faces else None,
                    n_valid=agreement.n_valid,
                    att_cos=agreement.overall if count >= min_faces else None,
                )
            )
        if 2 * sum(one.n for one in rows if one.n >= min_faces) >= len(labels):
            groups[attribute] = rows
    return groups


def average_faithfulness(
    areas_NOC: NDArray[np.float32], labels_N: NDArray[np.int64], steps: int
) -> Faithfulness:
    """Average deletion and insertion per expression, then over all seven.

    areas_NOC: (N, orders, curves), see train.evaluation.faithfulness.
    """
    everyone = np.ones(len(labels_N), bool)

    def curves(order: int) -> PixelCurves:
        areas = {
            name: macro_average(areas_NOC[:, order, index], labels_N, everyone)
            for index, name in enumerate(CURVES)
        }
        return PixelCurves(**areas)

    return Faithfulness(steps=steps, **{name: curves(order) for order, name in enumerate(ORDERS)})
