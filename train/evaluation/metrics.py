"""From what was measured to what is told: the scores of one run on one split.

The keys are described in train.evaluation.stage.
Shapes: N faces, M maps (layers, then CAM), V = 7 expressions, U action units of the codebook.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.action_units import CODEBOOKS
from anatomy.expressions import EXPRESSIONS
from train.evaluation.agreement import Json, own_cosine, selectivity, summary
from train.evaluation.bootstrap import Score, intervals
from train.evaluation.classification import calibration, classification
from train.evaluation.faithfulness import ORDERS, WAYS
from train.evaluation.measure import Measured, Subjects
from train.params import EvaluateParams

ATTENTION, CAM = -2, -1
"""Places of the deepest layer's attention and of the CAM among the maps."""

KNOWN_COLUMNS = frozenset(
    (
        *("id", "path", "expression", "split", "person", "box", "landmarks", "digest"),
        *("backend", "inside_fraction", "detail", "faces", "status"),
    )
)
"""Columns of a status table that AULens writes; all others came with the dataset."""


def scored(measured: Measured, subjects: Subjects, params: EvaluateParams, codebook: str) -> Json:
    """Return every score of a run but the optional faithfulness."""
    labels, predicted = subjects.labels_N, measured.probabilities_BV.argmax(axis=1)
    return {
        **classification(labels, predicted),
        "calibration": calibration(measured.probabilities_BV, labels, params.calibration_bins),
        **agreements(measured, labels),
        "au_shares": au_shares(measured, labels, codebook),
        "intervals": _intervals(measured, subjects, params),
        "subgroups": subgroups(measured, subjects, params.subgroup_min),
    }


def agreements(measured: Measured, labels_N: NDArray[np.int64]) -> Json:
    """Return att_cos a layer, cam_cos, and the floors."""
    valid_N = measured.own_defined(labels_N)

    def mean(values_N: NDArray[Any]) -> Json:
        return summary(values_N, labels_N, valid_N)

    def agreement(place: int) -> Json:
        cosines_NV = measured.cosines_BMV[:, place]
        return {
            **mean(own_cosine(cosines_NV, labels_N)),
            "centred": mean(own_cosine(measured.centred_BMV[:, place], labels_N)),
            "selectivity": mean(selectivity(cosines_NV, measured.defined_BV, labels_N)),
        }

    layers = measured.cosines_BMV.shape[1] - 1
    return {
        "att_cos": {str(layer + 1): agreement(layer) for layer in range(layers)},
        "cam_cos": agreement(CAM),
        "floors": {
            "uniform": mean(own_cosine(measured.uniform_BV, labels_N)),
            "generic_au": mean(measured.generic_B),
            "class_mean": mean(template_cosine(measured.au_BSS, labels_N, valid_N)),
        },
    }


def template_cosine(
    au_NSS: NDArray[Any], labels_N: NDArray[np.int64], valid_N: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Cosine of each face's AU map with the mean AU map of its class over these very faces.

    What a template scores that is fitted to the faces it is scored on.
    """
    flat_NP = au_NSS.reshape(len(au_NSS), -1)
    cosine = np.zeros(len(flat_NP))
    for expression in np.unique(labels_N[valid_N]):
        chosen = valid_N & (labels_N == expression)
        mean_P = flat_NP[chosen].mean(axis=0)
        norms = np.linalg.norm(flat_NP[chosen], axis=1) * np.linalg.norm(mean_P)
        cosine[chosen] = flat_NP[chosen] @ mean_P / np.maximum(norms, 1e-8)
    return cosine


def au_shares(measured: Measured, labels_N: NDArray[np.int64], codebook: str) -> Json:
    """Average the share of attention on an AU's region over the faces whose expression has it."""
    book = CODEBOOKS[codebook]
    found: Json = {}
    for place, (number, unit) in enumerate(book.units.items()):
        shares_N, areas_N = measured.shares_BU[:, place], measured.areas_BU[:, place]
        having = [i for i, name in enumerate(EXPRESSIONS) if number in book.expressions[name]]
        counted = np.isin(labels_N, having) & np.isfinite(shares_N) & (areas_N > 0)
        if counted.any():
            found[str(number)] = {
                "name": unit.name,
                "share": float(shares_N[counted].mean()),
                "area": float(areas_N[counted].mean()),
                "ratio": float((shares_N[counted] / areas_N[counted]).mean()),
                "n": int(counted.sum()),
            }
    return found


def _intervals(measured: Measured, subjects: Subjects, params: EvaluateParams) -> Json | None:
    labels = subjects.labels_N
    right = measured.probabilities_BV.argmax(axis=1) == labels
    valid, everyone = measured.own_defined(labels), np.ones(len(labels), bool)
    scores = {
        "accuracy": Score(right, everyone, macro=False),
        "balanced_accuracy": Score(right, everyone, macro=True),
    }
    for name, place in (("att", ATTENTION), ("cam", CAM)):
        cosines = measured.cosines_BMV[:, place]
        own, selective = (
            own_cosine(cosines, labels),
            selectivity(cosines, measured.defined_BV, labels),
        )
        scores[f"{name}_cos"] = Score(own, valid, macro=True)
        scores[f"{name}_selectivity"] = Score(selective, valid & np.isfinite(selective), macro=True)
    persons = subjects.table["person"].to_list()
    return intervals(scores, labels, persons, params.bootstrap, params.seed)


def subgroups(measured: Measured, subjects: Subjects, least: int) -> Json:
    """Score the values of every attribute that the dataset brought: age, gender, source, ...

    Args:
        measured: what was measured.
        subjects: with their attributes.
        least: faces that a value needs to be scored; the others are only counted. An attribute is
            left out if fewer than half the faces have such a value: a file name, a valence.
    """
    labels = subjects.labels_N
    valid = measured.own_defined(labels)
    right = measured.probabilities_BV.argmax(axis=1) == labels
    own = own_cosine(measured.cosines_BMV[:, ATTENTION], labels)
    found: Json = {}
    for attribute in sorted({*subjects.table.columns} - KNOWN_COLUMNS):
        values_N = subjects.table[attribute].to_numpy()
        rows: list[Json] = []
        covered = 0
        for value in sorted(set(values_N.tolist()) - {""}):
            chosen = values_N == value
            enough = int(chosen.sum()) >= least
            covered += int(chosen.sum()) if enough else 0
            agreement = summary(own[chosen], labels[chosen], valid[chosen])
            rows.append(
                {
                    "value": value,
                    "n": int(chosen.sum()),
                    "accuracy": float(right[chosen].mean()) if enough else None,
                    "n_valid": agreement["n_valid"],
                    "att_cos": agreement["overall"] if enough else None,
                }
            )
        if 2 * covered >= len(labels):
            found[attribute] = rows
    return found


def faithful(areas_NOW: NDArray[np.float32], labels_N: NDArray[np.int64], steps: int) -> Json:
    """Average deletion and insertion a class, then over all seven."""
    everyone = np.ones(len(labels_N), bool)
    return {
        "steps": steps,
        **{
            order: {
                way: summary(areas_NOW[:, i, j], labels_N, everyone) for j, way in enumerate(WAYS)
            }
            for i, order in enumerate(ORDERS)
        },
    }
