"""Pictures in rows and columns: mean maps, faces with theirs. Sides: S of a face, M of a map."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray

from anatomy.expressions import EXPRESSIONS
from report.reading.results import Arrays, Comparison, Result
from store.files import digest

U8 = NDArray[np.uint8]
Cell = U8 | str
"""A picture (H, W, 3), or the word that stands where there is none."""
NO_MAP = "no map"
_LUMA = np.array([0.299, 0.587, 0.114])
_MAPS = {"attention": "attention", "cam": "CAM"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of pictures.

    Attributes:
        title: what it is.
        notes: (words, whether they report a mistake) below the title.
        cells: one a column.
    """

    title: str
    notes: tuple[tuple[str, bool], ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Pictures with names on both sides."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def mean_grids(comparisons: Sequence[Comparison]) -> list[Grid]:
    """Mean maps, a column an expression, of methods on one dataset.

    Returns:
        For one method a grid of its AU map, attention and CAM; for several a grid of all their
        attention and another of all their CAMs.
    """
    expected = Line("AU map", (), _means(comparisons[0].runs[0], "au"))
    lines = [
        [
            Line(f"{word} {run.supervision}", _method(one, comparisons), _means(run, name))
            for one in comparisons
            for run in one.runs
        ]
        for name, word in _MAPS.items()
    ]
    parts = lines if len(comparisons) > 1 else [[line for part in lines for line in part]]
    return [Grid(EXPRESSIONS, (expected, *part)) for part in parts]


def _method(
    comparison: Comparison, comparisons: Sequence[Comparison]
) -> tuple[tuple[str, bool], ...]:
    return ((comparison.method, False),) if len(comparisons) > 1 else ()


def mean_counts(comparison: Comparison) -> list[tuple[str, int, int]]:
    """Return (expression, faces behind its mean attention and CAM, behind its mean AU map)."""
    maps = comparison.runs[0].maps
    return [
        (name, int(maps["cam_count"][place]), int(maps["au_count"][place]))
        for place, name in enumerate(EXPRESSIONS)
    ]


def _means(run: Result, name: str) -> tuple[Cell, ...]:
    counts = run.maps[f"{name}_count"]
    return tuple(
        coloured(one) if count else NO_MAP
        for one, count in zip(run.maps[name], counts, strict=True)
    )


def sheet_grids(comparison: Comparison, most: int) -> list[Grid]:
    """The first faces with their maps: one grid for all runs that hold the same faces.

    Args:
        comparison: runs of one method on one dataset.
        most: how many faces at most, spread over the classes.
    """
    same: dict[str, list[tuple[Result, Arrays]]] = {}
    for run in comparison.runs:
        first = run.sheet.get("first", np.ones(len(run.sheet["label"]), bool))
        sheet = _chosen(run.sheet, first)
        faces = sheet["image"].tobytes() + sheet["label"].tobytes()
        same.setdefault(digest(faces), []).append((run, sheet))
    grids = (_sheet(shown, most) for shown in same.values())
    return [grid for grid in grids if grid.lines]


def mistake_grids(comparison: Comparison, most: int) -> list[tuple[Result, Grid]]:
    """Faces that a run took for something else, a grid a run; a run without any has none."""
    grids = []
    for run in comparison.runs:
        wrong = run.sheet["probabilities"].argmax(axis=1) != run.sheet["label"]
        grids.append((run, _sheet([(run, _chosen(run.sheet, wrong))], most)))
    return [(run, grid) for run, grid in grids if grid.lines]


def _chosen(sheet: Arrays, faces_F: NDArray[np.bool_]) -> Arrays:
    return {name: one[faces_F] for name, one in sheet.items()}


def _sheet(shown: Sequence[tuple[Result, Arrays]], most: int) -> Grid:
    columns = [f"{word} {run.supervision}" for word in _MAPS.values() for run, _ in shown]
    places = spread(shown[0][1]["label"], most)
    return Grid(("face", "AU map", *columns), tuple(_face(shown, place) for place in places))


def _face(shown: Sequence[tuple[Result, Arrays]], place: int) -> Line:
    sheet = shown[0][1]
    image, label = sheet["image"][place], int(sheet["label"][place])
    au: Cell = overlaid(image, sheet["au"][place] / 255) if sheet["defined"][place] else NO_MAP
    read = [overlaid(image, one[name][place] / 255) for name in _MAPS for _, one in shown]
    notes = tuple(_prediction(run, one, place) for run, one in shown)
    return Line(EXPRESSIONS[label], notes, (image, au, *read))


def _prediction(run: Result, sheet: Arrays, place: int) -> tuple[str, bool]:
    chances = sheet["probabilities"][place]
    said = int(chances.argmax())
    wrong = said != int(sheet["label"][place])
    verdict = " ✗ wrong" if wrong else ""
    return f"{run.supervision}: {EXPRESSIONS[said]} {chances[said]:.2f}{verdict}", wrong


def spread(labels_F: NDArray[Any], most: int) -> list[int]:
    """Choose at most `most` places so that classes take turns; in ascending order."""
    turn = [int((labels_F[:place] == labels_F[place]).sum()) for place in range(len(labels_F))]
    return sorted(sorted(range(len(labels_F)), key=lambda place: turn[place])[:most])


def coloured(map_MM: NDArray[Any]) -> U8:
    """Paint a map in [0, 1]: (M, M, 3)."""
    return _bytes(colormaps["magma"](map_MM)[..., :3] * 255)


def overlaid(image_SS3: U8, map_MM: NDArray[Any]) -> U8:
    """Lay a map in [0, 1] over a face in grey; where the map is low, the face shows."""
    weights_SM = _bilinear(len(image_SS3), len(map_MM))
    return painted(image_SS3, weights_SM @ map_MM @ weights_SM.T)


def painted(image_HW3: U8, heat_HW: NDArray[Any]) -> U8:
    """Lay a map in [0, 1] over a picture of its size, as `overlaid` does."""
    grey_HW1 = (image_HW3 @ _LUMA)[..., None]
    strength_HW1 = 0.1 + 0.65 * heat_HW[..., None]
    colour_HW3 = colormaps["magma"](heat_HW)[..., :3] * 255
    return _bytes(grey_HW1 * (1 - strength_HW1) + colour_HW3 * strength_HW1)


def _bytes(image: NDArray[np.floating]) -> U8:
    rounded: U8 = np.rint(image).astype(np.uint8)
    return rounded


def _bilinear(size: int, source: int) -> NDArray[np.float64]:
    """Return (size, source) weights that resize a line with half-pixel centres."""
    centres = np.clip((np.arange(size) + 0.5) * source / size - 0.5, 0, source - 1)
    distance = np.abs(centres[:, None] - np.arange(source)[None])
    weights: NDArray[np.float64] = np.clip(1 - distance, 0, 1)
    return weights
