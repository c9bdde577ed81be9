"""Averages of the numbers per face: agreement with AU maps, AU shares, subgroups, faithfulness.

Shapes: N faces, M maps (levels, then the CAM), U action units of the codebook.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.codebooks import Codebook
from contracts.scores import (
    BASELINES,
    Agreement,
    AuShare,
    Baselines,
    MacroAverage,
    Subgroup,
)
from measures.faces import ATTENTION, CAM, FaceScores

Json = dict[str, Any]


def macro_average(
    values_N: NDArray[np.floating],
    labels_N: NDArray[np.integer],
    valid_N: NDArray[np.bool_],
    classes: Sequence[str],
) -> MacroAverage:
    """Average a value per expression, then over expressions, as published.

    Args:
        values_N: one number per face.
        labels_N: expression ids.
        valid_N: which faces count: those with a defined AU map.
        classes: names, by id.
    """
    per_class = {
        name: float(values_N[chosen].mean(dtype=np.float64)) if chosen.any() else None
        for number, name in enumerate(classes)
        for chosen in [valid_N & (labels_N == number)]
    }
    present = [value for value in per_class.values() if value is not None]
    overall = float(np.mean(present)) if present else None
    return MacroAverage(
        overall=overall, per_class=per_class, n_valid=int(valid_N.sum()), n=len(labels_N)
    )


def compute_agreements(faces: FaceScores) -> Json:
    """Return att_cos per layer, cam_cos, and the baselines."""

    def mean(values_N: NDArray[np.floating]) -> MacroAverage:
        return macro_average(
            values_N, faces.labels_N, faces.valid_N & np.isfinite(values_N), faces.classes
        )

    def agreement(index: int) -> Agreement:
        return Agreement(
            **dict(mean(faces.cosines_NM[:, index])),
            centred=mean(faces.centred_NM[:, index]),
            selectivity=mean(faces.selectivity_NM[:, index]),
        )

    layers = faces.cosines_NM.shape[1] - 1
    return {
        "att_cos": {str(layer + 1): agreement(layer) for layer in range(layers)},
        "cam_cos": agreement(CAM),
        "baselines": Baselines(
            **{name: mean(faces.baselines_NK[:, index]) for index, name in enumerate(BASELINES)}
        ),
    }


def au_shares(faces: FaceScores, book: Codebook) -> dict[str, AuShare]:
    """Average the share of attention on each AU's region over faces whose expression has it."""
    shares: dict[str, AuShare] = {}
    for index, (number, unit) in enumerate(book.units.items()):
        shares_N, areas_N = faces.shares_NU[:, index], faces.areas_NU[:, index]
        having = [i for i, name in enumerate(faces.classes) if number in book.expressions[name]]
        counted = np.isin(faces.labels_N, having) & np.isfinite(shares_N) & (areas_N > 0)
        if counted.any():
            shares[str(number)] = AuShare(
                name=unit.name,
                share=float(shares_N[counted].mean()),
                area=float(areas_N[counted].mean()),
                ratio=float((shares_N[counted] / areas_N[counted]).mean()),
                n=int(counted.sum()),
            )
    return shares


def subgroups(faces: FaceScores, min_faces: int) -> dict[str, list[Subgroup]]:
    """Score the values of every attribute that came with the dataset: age, gender, source, ...

    Args:
        faces: with their attributes.
        min_faces: a value with fewer faces is counted but not scored. An attribute is left out if
            fewer than half the faces have a value with enough: a file name, a valence.
    """
    cosines_N = faces.cosines_NM[:, ATTENTION]
    valid_N = faces.valid_N & np.isfinite(cosines_N)
    groups: dict[str, list[Subgroup]] = {}
    for attribute in sorted(faces.attributes):
        values_N = faces.attributes[attribute]
        rows: list[Subgroup] = []
        for value in sorted({*values_N.tolist()} - {""}):
            chosen = values_N == value
            count = int(chosen.sum())
            agreement = macro_average(
                cosines_N[chosen], faces.labels_N[chosen], valid_N[chosen], faces.classes
            )
            rows.append(
                Subgroup(
                    value=value,
                    n=count,
                    accuracy=float(faces.is_right[chosen].mean()) if count >= min_faces else None,
                    n_valid=agreement.n_valid,
                    att_cos=agreement.overall if count >= min_faces else None,
                )
            )
        if 2 * sum(one.n for one in rows if one.n >= min_faces) >= len(values_N):
            groups[attribute] = rows
    return groups
