"""Heatmaps drawn from landmarks: where on a face its expression shows.

Landmarks are in px of a square canvas. A map is sampled from the canvas at the half-pixel centres
of a size x size grid; at size = canvas this is the published map itself.
Shapes: N faces, L = 68 points, S side of a map, V = 7 expressions.
Source: Belharbi et al., FG 2024 (arXiv 2402.00281).
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.action_units import CODEBOOKS
from anatomy.au_coding import AUCoding
from anatomy.drawing import (
    F32,
    Bools,
    Landmarks,
    Maps,
    combine,
    distinct_units,
    draw_sets,
    draw_units,
    place_on_canvas,
    stack,
)
from anatomy.expressions import EXPRESSIONS
from anatomy.landmarks import INNER_POINTS, POINTS
from anatomy.own_heatmaps import own_au, own_or_codebook
from anatomy.raster import EllipseRuns, ellipse_runs
from errors import pick

Heatmap = Callable[..., Maps]

VARIANCE_PX2 = 64.0
"""Published variance of the landmark Gaussians, px² of the canvas."""


def au(
    landmarks_NL2: Landmarks,
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: str = "published",
    normalise: bool = True,
) -> Maps:
    """Draw the action units of every face's own expression.

    Args:
        landmarks_NL2: (x, y) in px of the canvas; may lie outside; not finite if detection failed.
        expressions_N: ids, anatomy.expressions order.
        size_px: side of the maps.
        canvas_px: side of the canvas; published 224.
        codebook: row of CODEBOOKS.
        normalise: stretch every map to [0, 1], as published; else 1 is the inside of a region.

    Returns:
        Maps (N, S, S) in [0, 1], and whether each is defined: Neutral, a failed face, and one whose
        AUs all lie off the canvas are not; their map is zero.

    Raises:
        UsageError: if there is no such codebook.
    """
    book = pick(CODEBOOKS, codebook, "codebook")
    sets = distinct_units([book.expressions[name] for name in EXPRESSIONS], book)
    labels_N = np.asarray(expressions_N, np.int64)
    drawn: list[F32 | None] = [None] * len(labels_N)
    for expression in np.unique(labels_N):
        rows = np.flatnonzero(labels_N == expression)
        faces = draw_units(landmarks_NL2[rows], sets[expression], book, canvas_px)
        everything = [range(len(sets[expression]))]
        for row, grids_UGG, present_U in zip(rows, *faces, strict=True):
            (drawn[row],) = combine(grids_UGG, present_U, everything, size_px)
    return stack(drawn, size_px, normalise)


def generic_au(
    landmarks_NL2: Landmarks,
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: str = "published",
    normalise: bool = True,
) -> Maps:
    """Draw all twenty action units; defined for Neutral too. Otherwise as `au`."""
    book = pick(CODEBOOKS, codebook, "codebook")
    wanted = [([tuple(book.units)], size_px)]
    ((maps, valid),) = draw_sets(landmarks_NL2, wanted, book, canvas_px, normalise)
    return maps[:, 0], valid[:, 0]


def single_au(  # noqa: PLR0913 - the published flags, by keyword
    landmarks_NL2: Landmarks,
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    au: int = 12,
    codebook: str = "published",
    normalise: bool = True,
) -> Maps:
    """Draw one action unit, by its FACS number, on every face. Otherwise as `au`."""
    book = pick(CODEBOOKS, codebook, "codebook")
    pick({str(number): None for number in book.units}, str(au), "action unit")
    ((maps, valid),) = draw_sets(landmarks_NL2, [([(au,)], size_px)], book, canvas_px, normalise)
    return maps[:, 0], valid[:, 0]


def per_class_au(
    landmarks_NL2: Landmarks,
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: str = "published",
    normalise: bool = True,
) -> Maps:
    """Draw, on every face, the map of each of the seven expressions.

    Returns:
        Maps (N, V, S, S) and valid (N, V). Otherwise as `au`.
    """
    book = pick(CODEBOOKS, codebook, "codebook")
    sets = [book.expressions[name] for name in EXPRESSIONS]
    return draw_sets(landmarks_NL2, [(sets, size_px)], book, canvas_px, normalise)[0]


def comparison_maps(
    landmarks_NL2: Landmarks, sides_px: tuple[int, int], *, canvas_px: int, codebook: str
) -> tuple[Maps, Maps]:
    """Draw the maps that attention is compared with, each region once.

    Args:
        landmarks_NL2: as in `au`.
        sides_px: of the maps, and of the regions.
        canvas_px: as in `au`.
        codebook: as in `au`.

    Returns:
        Every expression's map and, last, the generic one, (N, V + 1, S, S) in [0, 1], and valid
        (N, V + 1); and what `unit_regions` returns.
    """
    book = pick(CODEBOOKS, codebook, "codebook")
    expressions = [book.expressions[name] for name in EXPRESSIONS]
    combined: list[tuple[int, ...]] = [*expressions, tuple(book.units)]
    single: list[tuple[int, ...]] = [(unit,) for unit in book.units]
    wanted = list(zip((combined, single), sides_px, strict=True))
    maps, regions = draw_sets(landmarks_NL2, wanted, book, canvas_px, normalise=True)
    return maps, regions


class ComparisonSets(NamedTuple):
    """What attention is compared with, as sets of action units.

    Attributes:
        units: FACS numbers of the units to draw, no two with one region.
        targets: places among them: of every expression and, last, of all AUs.
        regions: places among them, one per AU of the codebook, in its order.
    """

    units: tuple[int, ...]
    targets: tuple[tuple[int, ...], ...]
    regions: tuple[int, ...]


@cache
def comparison_sets(codebook: str) -> ComparisonSets:
    """Return which units make up the maps of `comparison_maps`."""
    book = pick(CODEBOOKS, codebook, "codebook")
    wanted = [*(book.expressions[name] for name in EXPRESSIONS), tuple(book.units)]
    wanted += [(unit,) for unit in book.units]
    sets = distinct_units(wanted, book)
    units = sorted({unit for one in sets for unit in one})
    places = [tuple(units.index(unit) for unit in one) for one in sets]
    split = len(EXPRESSIONS) + 1
    alone = tuple(place for (place,) in places[split:])
    return ComparisonSets(tuple(units), tuple(places[:split]), alone)


def comparison_runs(
    landmarks_NL2: Landmarks, *, canvas_px: int, codebook: str
) -> tuple[EllipseRuns, Bools]:
    """Return where the ellipses of `comparison_sets` lie, for a GPU to draw; and known faces (N,).

    A face without landmarks has the ellipses of another.
    """
    book = CODEBOOKS[codebook]
    known_N: Bools = np.asarray(np.isfinite(landmarks_NL2).all(axis=(1, 2)))
    some_L2 = landmarks_NL2[known_N.argmax()] if known_N.any() else np.zeros((POINTS, 2))
    points_NL2 = np.where(known_N[:, None, None], landmarks_NL2, some_L2)
    regions = [book.units[unit].region for unit in comparison_sets(codebook).units]
    return ellipse_runs(regions, place_on_canvas(points_NL2, book, canvas_px)), known_N


def unit_regions(
    landmarks_NL2: Landmarks, size_px: int, *, canvas_px: int, codebook: str = "published"
) -> Maps:
    """Draw every action unit of a codebook on its own, in the codebook's order.

    Returns:
        Maps (N, U, S, S) in [0, 1], the soft rim of a region at .5, and whether each is on the
        canvas (N, U). Otherwise as `au`.
    """
    book = pick(CODEBOOKS, codebook, "codebook")
    wanted = [([(unit,) for unit in book.units], size_px)]
    return draw_sets(landmarks_NL2, wanted, book, canvas_px, normalise=True)[0]


def landmarks(  # noqa: PLR0913 - the published flags, by keyword
    landmarks_NL2: Landmarks,
    expressions_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    variance_px2: float = VARIANCE_PX2,
    jaw: bool = False,
    normalise: bool = True,
) -> Maps:
    """Draw a Gaussian at every landmark and take the largest; defined for Neutral too.

    Args:
        landmarks_NL2: as in `au`.
        expressions_N: not used.
        size_px: as in `au`.
        canvas_px: as in `au`.
        variance_px2: of each Gaussian, px² of the canvas.
        jaw: draw the 17 points of the jaw too.
        normalise: as in `au`; else 1 is the peak of a Gaussian.
    """
    chosen = list(range(POINTS) if jaw else INNER_POINTS)
    centres_S = (np.arange(size_px) + 0.5) * (canvas_px / size_px) - 0.5
    drawn = [
        _draw_points(face_L2[chosen], centres_S, variance_px2)
        if np.isfinite(face_L2).all()
        else None
        for face_L2 in landmarks_NL2
    ]
    return stack(drawn, size_px, normalise)


OWN_HEATMAPS: dict[str, Heatmap] = {"own_au": own_au, "own_or_codebook": own_or_codebook}
"""The kinds that also take `coding`: the action units of these very faces."""
NEEDS_CODING = frozenset({"own_au"})
"""Those that have no map at all on faces without a coding."""

HEATMAPS: dict[str, Heatmap] = {
    "au": au,
    "generic_au": generic_au,
    "per_class_au": per_class_au,
    "single_au": single_au,
    "landmarks": landmarks,
    **OWN_HEATMAPS,
}
"""Kind -> (landmarks_NL2, expressions_N, size_px, **options) -> (maps in [0, 1], valid)."""


def kind_of_faces(kind: str, coding: AUCoding) -> Heatmap:
    """Return the function of a kind for some faces, with their coding if it takes one.

    Raises:
        UsageError: if there is no such kind.
    """
    draw = pick(HEATMAPS, kind, "heatmap kind")
    return partial(draw, coding=coding) if kind in OWN_HEATMAPS else draw


def _draw_points(
    points_K2: Landmarks, centres_S: NDArray[np.floating], variance_px2: float
) -> F32 | None:
    """Draw the maximum of Gaussians of peak 1, each an outer product; None if all lie far away."""
    offsets_2KS = centres_S - points_K2.T[:, :, None]
    x_KS, y_KS = np.exp(offsets_2KS**2 / (-2 * variance_px2)).astype(np.float32)
    combined = np.zeros((len(centres_S), len(centres_S)), np.float32)
    gaussian = np.empty_like(combined)
    for x_S, y_S in zip(x_KS, y_KS, strict=True):
        cv2.gemm(y_S[:, None], x_S[None], 1, None, 0, gaussian)
        cv2.max(combined, gaussian, combined)
    return combined if combined.any() else None
