"""Heatmaps of soft labels: the mixture of the classes that several people saw in a face.

Shapes: N faces, L = 68 points, S side of a map, K classes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from anatomy.au_coding import LEAST_SHARE
from anatomy.codebooks import Codebook
from anatomy.drawing import F32, Landmarks, Maps, draw_chosen, stack

_ROUNDING = 1e-6
"""Shares are stored in single precision, in which a fifth is not exactly a fifth."""


def soft_au(  # noqa: PLR0913 - options, by keyword
    landmarks_NL2: Landmarks,
    classes_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: Codebook,
    shares_NK: F32 | None = None,
    normalise: bool = True,
    least: float = LEAST_SHARE,
) -> Maps:
    """Draw the mean of the classes' AU maps, weighted by their shares in people's labels.

    A class without AUs, such as Neutral, adds nothing. Of a face whose shares are not known, it is
    the map of its class.

    Args:
        landmarks_NL2: (x, y) in px of the canvas; may lie outside; not finite if detection failed.
        classes_N: ids in the codebook's label set.
        size_px: side of the maps.
        canvas_px: side of the canvas.
        codebook: what is drawn for which class.
        shares_NK: of the classes; NaN where they are not known; None if they are of no face.
        normalise: stretch every map to [0, 1], those of the classes and their mean.
        least: smaller shares are not drawn.

    Returns:
        Maps (N, S, S) in [0, 1], and whether each is defined: it is not if no drawn class has AUs,
        nor on a failed face; their map is zero.
    """
    count = len(landmarks_NL2)
    weights_NK = drawn_shares(classes_N, len(codebook.sets), shares_NK, least)
    mean_NSS, defined_N = np.zeros((count, size_px, size_px), np.float32), np.zeros(count, bool)
    for number in range(len(codebook.sets)):
        rows = np.flatnonzero(weights_NK[:, number])
        drawn = draw_chosen(
            landmarks_NL2[rows],
            np.full(len(rows), number),
            codebook.sets,
            codebook.face_scaled,
            (canvas_px, size_px),
        )
        maps, valid = stack(drawn, size_px, normalise)
        mean_NSS[rows] += weights_NK[rows, number, None, None] * maps
        defined_N[rows] |= valid
    mixed = [one if there else None for one, there in zip(mean_NSS, defined_N, strict=True)]
    return stack(mixed, size_px, normalise)


def drawn_shares(
    classes_N: Sequence[int] | NDArray[np.integer],
    classes: int,
    shares_NK: F32 | None,
    least: float,
) -> F32:
    """Return the shares that are drawn (N, K); the class alone where they are not known."""
    labels_NK = np.eye(classes, dtype=np.float32)[np.asarray(classes_N, np.int64)]
    if shares_NK is None:
        return labels_NK
    drawn_NK = np.where(shares_NK >= least - _ROUNDING, shares_NK, 0)
    known_N1 = np.isfinite(shares_NK).all(axis=1, keepdims=True)
    return np.where(known_N1, drawn_NK, labels_NK).astype(np.float32)
