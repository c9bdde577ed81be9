"""The action units that were coded on each face, and those of another face of its expression.

What a model sees of *this* face shows only against another face of the same expression: a stencil
of the expression fits both equally well.

Shapes: N faces, R distinct regions of a codebook.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy.au_coding import F32, AUCoding, region_weights
from anatomy.codebooks import Codebook
from store.reading import Store, read_intensities
from train.params import OwnUnitParams


@dataclass(frozen=True, slots=True)
class OwnUnits:
    """How strongly each region acts.

    Attributes:
        own_NR: on the face itself; zero where it was not coded.
        other_NR: on another face of its expression; zero where there is none.
        coded_N: whether any unit of the face was coded, present or absent.
    """

    own_NR: F32
    other_NR: F32
    coded_N: NDArray[np.bool_]

    def take(self, rows_B: NDArray[np.integer] | slice) -> "OwnUnits":
        """Return those of some faces."""
        return OwnUnits(self.own_NR[rows_B], self.other_NR[rows_B], self.coded_N[rows_B])

    def pairs(self) -> F32:
        """Return own and other (N, 2, R)."""
        return np.stack([self.own_NR, self.other_NR], axis=1)


def read_own_units(
    landmarks: Store,
    rows_N: NDArray[np.integer],
    labels_N: NDArray[np.integer],
    codebook: Codebook,
    params: OwnUnitParams,
) -> OwnUnits | None:
    """Read what was coded on some faces; None if nothing was.

    Args:
        landmarks: store of stage landmark.
        rows_N: the faces.
        labels_N: their expression ids.
        codebook: whose regions act.
        params: [evaluate.own_units].
    """
    coding = AUCoding(*read_intensities(landmarks, rows_N))
    if not coding.is_coded.any():
        return None
    own_NR = region_weights(coding, codebook, params.least)
    rng = np.random.default_rng(params.seed)
    other_N = other_of_class(labels_N, np.asarray(own_NR.any(axis=1)), rng)
    other_NR = np.where(other_N[:, None] >= 0, own_NR[other_N], 0).astype(np.float32)
    return OwnUnits(own_NR, other_NR, coding.is_coded)


def other_of_class(
    labels_N: NDArray[np.integer], acting_N: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Give every face on which something acts another such face of its expression.

    Each is given once: a random derangement, one cycle per expression.

    Args:
        labels_N: expression ids.
        acting_N: which faces take part.
        rng: advanced.

    Returns:
        Index of the other face; -1 for faces that take no part or are the only one.
    """
    other_N = np.full(len(labels_N), -1)
    for label in np.unique(labels_N[acting_N]):
        members = rng.permutation(np.flatnonzero(acting_N & (labels_N == label)))
        if len(members) > 1:
            other_N[members] = np.roll(members, 1)
    return other_N
