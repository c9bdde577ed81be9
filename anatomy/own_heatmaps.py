"""Heatmaps of what each face does itself: its own coded action units, by intensity.

Shapes: N faces, L = 68 points, S side of a map, R distinct regions of a codebook.
"""

from collections.abc import Sequence

import numpy as np

from anatomy.au_coding import LEAST, AUCoding, region_units, region_weights, uncoded
from anatomy.codebooks import Codebook
from anatomy.drawing import (
    F32,
    Landmarks,
    Maps,
    combine_weighted,
    draw_chosen,
    draw_regions,
    stack,
)


def own_au(  # noqa: PLR0913 - options, by keyword
    landmarks_NL2: Landmarks,
    classes_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: Codebook,
    coding: AUCoding | None = None,
    normalise: bool = True,
    least: float = LEAST,
) -> Maps:
    """Draw the action units that were coded on each face, as bright as they are intense.

    Where regions overlap, the brighter one is seen. An intensity is of both sides of the face.

    Args:
        landmarks_NL2: (x, y) in px of the canvas; may lie outside; not finite if detection failed.
        classes_N: not used.
        size_px: side of the maps.
        canvas_px: side of the canvas.
        codebook: whose regions are drawn.
        coding: of these faces; None if nothing was coded.
        normalise: stretch every map to [0, 1]; else the inside of a region has its intensity.
        least: weaker units are not drawn.

    Returns:
        Maps (N, S, S) in [0, 1], and whether each is defined: it is not on a face without coding,
        or on which no coded unit acts, nor on a failed face; their map is zero.
    """
    coded = uncoded(len(landmarks_NL2)) if coding is None else coding
    weights_NR = region_weights(coded, codebook, least)
    drawn = draw_weighted(landmarks_NL2, weights_NR, codebook, (canvas_px, size_px))
    return stack(drawn, size_px, normalise)


def own_or_codebook(  # noqa: PLR0913 - options, by keyword
    landmarks_NL2: Landmarks,
    classes_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: Codebook,
    coding: AUCoding | None = None,
    normalise: bool = True,
    least: float = LEAST,
) -> Maps:
    """Draw each face's own action units where they were coded; else those of its expression.

    A coded face on which nothing acts has no map, whatever its expression. Otherwise as `own_au`.
    """
    sides_px, count = (canvas_px, size_px), len(landmarks_NL2)
    coded = uncoded(count) if coding is None else coding
    own_N, others_N = np.flatnonzero(coded.is_coded), np.flatnonzero(~coded.is_coded)
    weights_NR = region_weights(coded.take(own_N), codebook, least)
    own = draw_weighted(landmarks_NL2[own_N], weights_NR, codebook, sides_px)
    classes = np.asarray(classes_N, np.int64)[others_N]
    stencils = draw_chosen(
        landmarks_NL2[others_N], classes, codebook.sets, codebook.face_scaled, sides_px
    )
    drawn: list[F32 | None] = [None] * count
    for row, one in zip([*own_N, *others_N], [*own, *stencils], strict=True):
        drawn[row] = one
    return stack(drawn, size_px, normalise)


def draw_pairs(landmarks_NL2: Landmarks, weights_NKR: F32, book: Codebook, canvas_px: int) -> Maps:
    """Draw several sets of weights on each face, as large as the canvas: (N, K, C, C), (N, K)."""
    faces, sets, regions = weights_NKR.shape
    repeated_ML2 = np.repeat(landmarks_NL2, sets, axis=0)
    weights_MR = weights_NKR.reshape(faces * sets, regions)
    drawn = draw_weighted(repeated_ML2, weights_MR, book, (canvas_px, canvas_px))
    maps, valid = stack(drawn, canvas_px, normalise=True)
    return maps.reshape(faces, sets, canvas_px, canvas_px), valid.reshape(faces, sets)


def draw_weighted(
    landmarks_NL2: Landmarks, weights_NR: F32, book: Codebook, sides_px: tuple[int, int]
) -> list[F32 | None]:
    """Draw the distinct regions of a codebook, each as bright as its weight.

    Args:
        landmarks_NL2: as in `own_au`.
        weights_NR: in [0, 1]; in the order of `region_units`.
        book: the codebook.
        sides_px: of the canvas, and of the maps.

    Returns:
        A map (S, S) per face; None where nothing is drawn.
    """
    canvas_px, size_px = sides_px
    used = np.flatnonzero(weights_NR.any(axis=0))
    regions = [book.regions[region_units(book)[place]].region for place in used]
    drawn = draw_regions(landmarks_NL2, regions, book.face_scaled, canvas_px)
    return [
        combine_weighted(grids_UGG, np.where(present_U, weights_U, 0), size_px)
        for grids_UGG, present_U, weights_U in zip(*drawn, weights_NR[:, used], strict=True)
    ]
