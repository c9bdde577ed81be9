"""Heatmaps of what each face does itself: its own coded action units, by intensity.

Shapes: N faces, L = 68 points, S side of a map, R distinct regions of a codebook.
"""

from collections.abc import Sequence

import numpy as np

from anatomy.action_units import CODEBOOKS, Codebook
from anatomy.au_coding import LEAST, AUCoding, class_weights, region_units, region_weights, uncoded
from anatomy.drawing import F32, Landmarks, Maps, combine_weighted, draw_units, stack
from anatomy.expressions import EXPRESSIONS
from errors import pick


def own_au(  # noqa: PLR0913 - options, by keyword
    landmarks_NL2: Landmarks,
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    coding: AUCoding | None = None,
    codebook: str = "published",
    normalise: bool = True,
    least: float = LEAST,
) -> Maps:
    """Draw the action units that were coded on each face, as bright as they are intense.

    Where regions overlap, the brighter one is seen. An intensity is of both sides of the face.

    Args:
        landmarks_NL2: (x, y) in px of the canvas; may lie outside; not finite if detection failed.
        expressions_N: not used.
        size_px: side of the maps.
        canvas_px: side of the canvas.
        coding: of these faces; None if nothing was coded.
        codebook: row of CODEBOOKS, whose regions are drawn.
        normalise: stretch every map to [0, 1]; else the inside of a region has its intensity.
        least: weaker units are not drawn.

    Returns:
        Maps (N, S, S) in [0, 1], and whether each is defined: it is not on a face without coding,
        or on which no coded unit acts, nor on a failed face; their map is zero.

    Raises:
        UsageError: if there is no such codebook.
    """
    book = pick(CODEBOOKS, codebook, "codebook")
    coded = uncoded(len(landmarks_NL2)) if coding is None else coding
    weights_NR = region_weights(coded, book, least)
    return draw_weighted(landmarks_NL2, weights_NR, book, (canvas_px, size_px), normalise)


def own_or_codebook(  # noqa: PLR0913 - options, by keyword
    landmarks_NL2: Landmarks,
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    coding: AUCoding | None = None,
    codebook: str = "published",
    normalise: bool = True,
    least: float = LEAST,
) -> Maps:
    """Draw each face's own action units where they were coded; else those of its expression.

    A coded face on which nothing acts has no map, whatever its expression. Otherwise as `own_au`.
    """
    book = pick(CODEBOOKS, codebook, "codebook")
    coded = uncoded(len(landmarks_NL2)) if coding is None else coding
    stencils_VR = np.stack([class_weights(book.expressions[name], book) for name in EXPRESSIONS])
    weights_NR = np.where(
        coded.is_coded[:, None],
        region_weights(coded, book, least),
        stencils_VR[np.asarray(expressions_N, np.int64)],
    )
    return draw_weighted(landmarks_NL2, weights_NR, book, (canvas_px, size_px), normalise)


def draw_pairs(landmarks_NL2: Landmarks, weights_NKR: F32, book: Codebook, canvas_px: int) -> Maps:
    """Draw several sets of weights on each face, as large as the canvas: (N, K, C, C), (N, K)."""
    faces, sets, regions = weights_NKR.shape
    repeated_ML2 = np.repeat(landmarks_NL2, sets, axis=0)
    weights_MR = weights_NKR.reshape(faces * sets, regions)
    maps, valid = draw_weighted(repeated_ML2, weights_MR, book, (canvas_px, canvas_px), True)
    return maps.reshape(faces, sets, canvas_px, canvas_px), valid.reshape(faces, sets)


def draw_weighted(
    landmarks_NL2: Landmarks,
    weights_NR: F32,
    book: Codebook,
    sides_px: tuple[int, int],
    normalise: bool,
) -> Maps:
    """Draw the distinct regions of a codebook, each as bright as its weight.

    Args:
        landmarks_NL2: as in `own_au`.
        weights_NR: in [0, 1]; in the order of `region_units`.
        book: the codebook.
        sides_px: of the canvas, and of the maps.
        normalise: as in `own_au`.
    """
    canvas_px, size_px = sides_px
    used = np.flatnonzero(weights_NR.any(axis=0))
    units = [region_units(book)[place] for place in used]
    drawn = draw_units(landmarks_NL2, units, book, canvas_px)
    maps = [
        combine_weighted(grids_UGG, np.where(present_U, weights_U, 0), size_px)
        for grids_UGG, present_U, weights_U in zip(*drawn, weights_NR[:, used], strict=True)
    ]
    return stack(maps, size_px, normalise)
