"""How well valence and arousal are predicted: concordance, correlation, error, sign.

All follow from weighted sums over faces, so a draw of the bootstrap needs no face again.
Shapes: N faces, P persons, D = 2 (valence, arousal), M sums of MOMENTS, R draws.
Source: Mollahosseini et al., AffectNet, IEEE Transactions on Affective Computing 2019.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.files import VALENCE_AROUSAL_COLUMNS
from contracts.scores import Interval
from contracts.valence_arousal import (
    DimensionScores,
    ValenceArousalScores,
    ValueIntervals,
    ValueScores,
)
from measures.bootstrap import number_persons, percentile_interval, person_weights
from measures.faces import FaceScores

F64 = NDArray[np.float64]
PREDICTED, TRUE, CONSTANT = 0, 1, 2
"""Places in FaceScores.valence_arousal_N3D."""
MOMENTS = ("1", "p", "t", "pp", "tt", "pt", "same sign")
"""What is summed over faces, of a predicted value p and a true one t."""
_LEAST_VARIANCE = 1e-12
"""Below it values count as constant."""


class ValueAgreement(NamedTuple):
    """ValueScores as arrays of any one shape; NaN where undefined."""

    ccc: F64
    pearson: F64
    rmse: F64
    sign_agreement: F64


def moments(predicted_ND: NDArray[np.floating], true_ND: NDArray[np.floating]) -> F64:
    """Return what is summed, of every face: (N, D, M)."""
    p, t = (np.asarray(one, np.float64) for one in (predicted_ND, true_ND))
    same = np.sign(p) == np.sign(t)
    return np.stack([np.ones_like(p), p, t, p * p, t * t, p * t, same.astype(float)], axis=-1)


def agreement(sums: F64) -> ValueAgreement:
    """Return the scores that follow from sums (..., M)."""
    count = sums[..., 0]
    p, t, pp, tt, pt, same = np.moveaxis(sums[..., 1:] / count[..., None], -1, 0)
    var_p, var_t, covariance = pp - p * p, tt - t * t, pt - p * t
    spread, product = var_p + var_t + (p - t) ** 2, var_p * var_t
    vary = np.minimum(var_p, var_t) > _LEAST_VARIANCE
    undefined = np.full_like(p, np.nan)
    root = np.sqrt(product, out=np.ones_like(p), where=vary)
    return ValueAgreement(
        np.divide(2 * covariance, spread, out=undefined.copy(), where=spread > _LEAST_VARIANCE),
        np.divide(covariance, root, out=undefined.copy(), where=vary),
        np.sqrt(np.maximum(pp - 2 * pt + tt, 0)),
        same,
    )


def valence_arousal_scores(faces: FaceScores, draws: int, seed: int) -> ValenceArousalScores | None:
    """Score the faces whose valence and arousal are known; None if none is, or none is predicted.

    Args:
        faces: what a model made of them.
        draws: of the bootstrap, over whole persons; 0 for no intervals.
        seed: of the draws.
    """
    values_N3D = faces.valence_arousal_N3D
    known_N = np.asarray(np.isfinite(values_N3D).all(axis=(1, 2)))
    if not values_N3D.size or not known_N.any():
        return None
    predicted_ND, true_ND, constant_ND = np.moveaxis(values_N3D[known_N], 1, 0)
    of_faces = moments(predicted_ND, true_ND)
    found, always = (
        agreement(one.sum(axis=0)) for one in (of_faces, moments(constant_ND, true_ND))
    )
    person_N, unit = number_persons(faces.persons_N[known_N].tolist())
    units = int(person_N.max()) + 1
    drawn = _redrawn(of_faces, person_N, draws, seed) if draws and units > 1 else None
    dimensions = {
        name: DimensionScores(
            **_at(found, place).model_dump(),
            constant=_at(always, place),
            constant_value=float(constant_ND[:, place].mean(dtype=np.float64)),
            intervals=_intervals(drawn, place),
        )
        for place, name in enumerate(VALENCE_AROUSAL_COLUMNS)
    }
    return ValenceArousalScores(
        n=int(known_N.sum()),
        scored=len(known_N),
        ccc=_number(found.ccc.mean()),
        ccc_interval=None if drawn is None else percentile_interval(drawn.ccc.mean(axis=1)),
        unit=unit,
        units=units,
        resamples=0 if drawn is None else draws,
        **dimensions,
    )


def _redrawn(of_faces: F64, person_N: NDArray[np.int64], draws: int, seed: int) -> ValueAgreement:
    """Score again and again with other weights of the persons: (R, D) each."""
    units = int(person_N.max()) + 1
    sums_PC = np.zeros((units, of_faces[0].size))
    np.add.at(sums_PC, person_N, of_faces.reshape(len(of_faces), -1))
    parts = [weights_RP @ sums_PC for weights_RP in person_weights(units, draws, seed)]
    return agreement(np.concatenate(parts).reshape(-1, *of_faces.shape[1:]))


def _at(found: ValueAgreement, place: int) -> ValueScores:
    values = {name: _number(one[place]) for name, one in found._asdict().items()}
    return ValueScores.model_validate(values)


def _intervals(drawn: ValueAgreement | None, place: int) -> ValueIntervals | None:
    if drawn is None:
        return None
    ends: dict[str, Interval] = {
        name: percentile_interval(one[:, place]) for name, one in drawn._asdict().items()
    }
    return ValueIntervals(**ends)


def _number(value: np.floating) -> float | None:
    return float(value) if np.isfinite(value) else None
