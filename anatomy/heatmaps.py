"""Heatmaps drawn from landmarks: where on a face its class shows.

Landmarks are in px of a square canvas. A map is sampled from the canvas at the half-pixel centres
of a size x size grid; at size = canvas this is the published map itself.
Shapes: N faces, L = 68 points, S side of a map, V classes.
Source: Belharbi et al., FG 2024 (arXiv 2402.00281).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from inspect import signature
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.action_units import Region, WeightedRegions
from anatomy.au_coding import AUCoding, region_units
from anatomy.codebooks import PUBLISHED, Codebook, codebook_of, unit_of
from anatomy.drawing import (
    F32,
    Bools,
    Landmarks,
    Maps,
    Places,
    distinct_regions,
    draw_chosen,
    draw_sets,
    place_on_canvas,
    places_among,
    stack,
)
from anatomy.landmarks import INNER_POINTS, POINTS
from anatomy.own_heatmaps import own_au, own_or_codebook
from anatomy.raster import EllipseRuns, ellipse_runs
from anatomy.soft_heatmaps import soft_au
from contracts.labels import LabelSet
from errors import pick

Heatmap = Callable[..., Maps]

VARIANCE_PX2 = 64.0
"""Published variance of the landmark Gaussians, px² of the canvas."""


def au(
    landmarks_NL2: Landmarks,
    classes_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: Codebook,
    normalise: bool = True,
) -> Maps:
    """Draw the action units of every face's own class.

    Args:
        landmarks_NL2: (x, y) in px of the canvas; may lie outside; not finite if detection failed.
        classes_N: ids in the codebook's label set.
        size_px: side of the maps.
        canvas_px: side of the canvas; published 224.
        codebook: what is drawn for which class.
        normalise: stretch every map to [0, 1], as published; else 1 is the inside of a region.

    Returns:
        Maps (N, S, S) in [0, 1], and whether each is defined: a class without AUs, such as Neutral,
        a failed face, and one whose AUs all lie off the canvas are not; their map is zero.
    """
    sides_px = (canvas_px, size_px)
    drawn = draw_chosen(landmarks_NL2, classes_N, codebook.sets, codebook.face_scaled, sides_px)
    return stack(drawn, size_px, normalise)


def generic_au(
    landmarks_NL2: Landmarks,
    classes_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: Codebook,
    normalise: bool = True,
) -> Maps:
    """Draw all action units of the label set; defined for every class. Otherwise as `au`."""
    wanted = [([codebook.everything], size_px)]
    ((maps, valid),) = draw_sets(landmarks_NL2, wanted, codebook.face_scaled, canvas_px, normalise)
    return maps[:, 0], valid[:, 0]


def single_au(  # noqa: PLR0913 - the published flags, by keyword
    landmarks_NL2: Landmarks,
    classes_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: Codebook,
    au: int = 12,
    normalise: bool = True,
) -> Maps:
    """Draw one action unit, by its FACS number, on every face. Otherwise as `au`.

    Raises:
        UsageError: if it cannot be drawn.
    """
    wanted = [([((unit_of(codebook.regions, au).region, 1.0),)], size_px)]
    ((maps, valid),) = draw_sets(landmarks_NL2, wanted, codebook.face_scaled, canvas_px, normalise)
    return maps[:, 0], valid[:, 0]


def per_class_au(
    landmarks_NL2: Landmarks,
    classes_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    codebook: Codebook,
    normalise: bool = True,
) -> Maps:
    """Draw, on every face, the map of each class of the label set.

    Returns:
        Maps (N, V, S, S) and valid (N, V). Otherwise as `au`.
    """
    wanted = [(codebook.sets, size_px)]
    return draw_sets(landmarks_NL2, wanted, codebook.face_scaled, canvas_px, normalise)[0]


def comparison_maps(
    landmarks_NL2: Landmarks, sides_px: tuple[int, int], *, canvas_px: int, codebook: Codebook
) -> tuple[Maps, Maps]:
    """Draw the maps that attention is compared with, each region once.

    Args:
        landmarks_NL2: as in `au`.
        sides_px: of the maps, and of the regions.
        canvas_px: as in `au`.
        codebook: as in `au`.

    Returns:
        Every class's map and, last, the generic one, (N, V + 1, S, S) in [0, 1], and valid
        (N, V + 1); and what `unit_regions` returns.
    """
    sets = ([*codebook.sets, codebook.everything], _single(codebook))
    wanted = list(zip(sets, sides_px, strict=True))
    maps, regions = draw_sets(landmarks_NL2, wanted, codebook.face_scaled, canvas_px, True)
    return maps, regions


def _single(codebook: Codebook) -> list[WeightedRegions]:
    return [((unit.region, 1.0),) for unit in codebook.units.values()]


class ComparisonSets(NamedTuple):
    """What attention is compared with, as sets of regions.

    Attributes:
        drawn: the regions to draw, no two the same; first those of `region_units`.
        targets: places among them: of every class and, last, of all AUs.
        regions: places among them, one per AU of the codebook, in its order.
    """

    drawn: tuple[Region, ...]
    targets: tuple[Places, ...]
    regions: tuple[int, ...]


@cache
def comparison_sets(codebook: Codebook) -> ComparisonSets:
    """Return which regions make up the maps of `comparison_maps`."""
    targets = [*codebook.sets, codebook.everything]
    own = [((codebook.regions[unit].region, 1.0),) for unit in region_units(codebook)]
    drawn = distinct_regions([*own, *targets])
    alone = tuple(drawn.index(unit.region) for unit in codebook.units.values())
    return ComparisonSets(tuple(drawn), tuple(places_among(drawn, one) for one in targets), alone)


def comparison_runs(
    landmarks_NL2: Landmarks, *, canvas_px: int, codebook: Codebook
) -> tuple[EllipseRuns, Bools]:
    """Return where the ellipses of `comparison_sets` lie, for a GPU to draw; and known faces (N,).

    A face without landmarks has the ellipses of another.
    """
    known_N: Bools = np.asarray(np.isfinite(landmarks_NL2).all(axis=(1, 2)))
    some_L2 = landmarks_NL2[known_N.argmax()] if known_N.any() else np.zeros((POINTS, 2))
    points_NL2 = np.where(known_N[:, None, None], landmarks_NL2, some_L2)
    frame = place_on_canvas(points_NL2, codebook.face_scaled, canvas_px)
    return ellipse_runs(comparison_sets(codebook).drawn, frame), known_N


def unit_regions(
    landmarks_NL2: Landmarks, size_px: int, *, canvas_px: int, codebook: Codebook
) -> Maps:
    """Draw every action unit of a label set on its own, in the codebook's order.

    Returns:
        Maps (N, U, S, S) in [0, 1], the soft rim of a region at .5, and whether each is on the
        canvas (N, U). Otherwise as `au`.
    """
    wanted = [(_single(codebook), size_px)]
    return draw_sets(landmarks_NL2, wanted, codebook.face_scaled, canvas_px, normalise=True)[0]


def landmarks(  # noqa: PLR0913 - the published flags, by keyword
    landmarks_NL2: Landmarks,
    classes_N: Sequence[int],
    size_px: int,
    *,
    canvas_px: int,
    variance_px2: float = VARIANCE_PX2,
    jaw: bool = False,
    normalise: bool = True,
) -> Maps:
    """Draw a Gaussian at every landmark and take the largest; defined for every class.

    Args:
        landmarks_NL2: as in `au`.
        classes_N: not used.
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
SOFT_HEATMAPS: dict[str, Heatmap] = {"soft_au": soft_au}
"""The kinds that also take `shares_NK`: of the classes, in people's labels of these very faces."""

HEATMAPS: dict[str, Heatmap] = {
    "au": au,
    "generic_au": generic_au,
    "per_class_au": per_class_au,
    "single_au": single_au,
    **OWN_HEATMAPS,
    **SOFT_HEATMAPS,
    "landmarks": landmarks,
}
"""Kind -> (landmarks_NL2, classes_N, size_px, **options) -> (maps in [0, 1], valid)."""


def drawing(
    kind: str,
    labels: LabelSet,
    options: Mapping[str, Any],
    coding: AUCoding | None = None,
    shares_NK: F32 | None = None,
) -> Heatmap:
    """Return a kind's function for some faces, with its options filled in.

    Args:
        kind: row of HEATMAPS.
        labels: of the faces; the option `codebook` becomes what it draws for them.
        options: of the kind.
        coding: of the faces, if the kind takes one; None if nothing was coded.
        shares_NK: of their classes, if the kind takes them; None if they are not known.

    Raises:
        UsageError: if there is no such kind or codebook.
    """
    draw, filled = pick(HEATMAPS, kind, "heatmap kind"), dict(options)
    if "codebook" in signature(draw).parameters:
        filled["codebook"] = codebook_of(labels, filled.get("codebook", PUBLISHED))
    if kind in OWN_HEATMAPS:
        filled["coding"] = coding
    if kind in SOFT_HEATMAPS:
        filled["shares_NK"] = shares_NK
    return partial(draw, **filled)


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
