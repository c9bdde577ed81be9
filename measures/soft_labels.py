"""Scores against soft labels: the shares of the classes in several people's labels of a face.

Shapes: N faces, V classes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.soft_scores import SoftScores
from measures.faces import FaceScores

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
_LEAST = 1e-12
"""A probability that single precision rounds to 0 would cost infinitely much."""
_ROUNDING = 1e-6
"""Shares that differ by less are equal: they are stored in single precision."""


class SoftFaces(NamedTuple):
    """What follows from the shares of each face; of no meaning where they are not known.

    Attributes:
        known_N: whether any share of a class that is told apart is known.
        shares_NV: of these classes; they sum to one.
        outside_N: share of the labels for other classes.
        cross_entropy_N: of the probabilities, in nats.
        annotator_N: share of the predicted class.
    """

    known_N: Bools
    shares_NV: F64
    outside_N: F64
    cross_entropy_N: F64
    annotator_N: F64


def soft_faces(faces: FaceScores) -> SoftFaces | None:
    """Return what follows from the shares of each face; None if the dataset brings none."""
    if not faces.annotated_NV.shape[1]:
        return None
    given_NV = np.nan_to_num(faces.annotated_NV.astype(np.float64))
    inside_N = given_NV.sum(axis=1)
    known_N = inside_N > _ROUNDING
    shares_NV = given_NV / np.where(known_N, inside_N, 1)[:, None]
    predicted_N = faces.probabilities_NV.argmax(axis=1)
    return SoftFaces(
        known_N=known_N,
        shares_NV=shares_NV,
        outside_N=np.maximum(1 - inside_N, 0),
        cross_entropy_N=cross_entropy(shares_NV, faces.probabilities_NV.astype(np.float64)),
        annotator_N=shares_NV[np.arange(len(predicted_N)), predicted_N],
    )


def cross_entropy(shares_NV: F64, probabilities_NV: F64) -> F64:
    """Return the cross-entropy of each face, in nats: (N,)."""
    return np.asarray(-(shares_NV * np.log(np.maximum(probabilities_NV, _LEAST))).sum(axis=1))


def soft_scores(faces: FaceScores) -> SoftScores | None:
    """Average over the faces whose shares are known; None if there are none."""
    found = soft_faces(faces)
    if found is None or not found.known_N.any():
        return None
    known_N = found.known_N
    shares_NV, annotator_N = found.shares_NV[known_N], found.annotator_N[known_N]
    largest_N, mean_V = shares_NV.max(axis=1), shares_NV.mean(axis=0)
    everywhere_NV = np.tile(mean_V, (len(shares_NV), 1))
    return SoftScores(
        known=len(shares_NV),
        n=len(known_N),
        outside=float(found.outside_N[known_N].mean()),
        cross_entropy=float(found.cross_entropy_N[known_N].mean()),
        floor=float(cross_entropy(shares_NV, shares_NV).mean()),
        constant=float(cross_entropy(shares_NV, everywhere_NV).mean()),
        accuracy=float(faces.is_right[known_N].mean()),
        majority=float((annotator_N >= largest_N - _ROUNDING).mean()),
        tied=int(((shares_NV >= largest_N[:, None] - _ROUNDING).sum(axis=1) > 1).sum()),
        annotator=float(annotator_N.mean()),
        ceiling=float(largest_N.mean()),
        constant_annotator=float(mean_V.max()),
    )
