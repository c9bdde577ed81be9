"""Pictures in rows and columns: mean maps, faces with theirs. Sides: S of a face, M of a map."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray

from anatomy.expressions import EXPRESSIONS
from report.results import Comparison, Result
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


def mean_grid(comparison: Comparison) -> Grid:
    """Mean maps, a column an expression: the AU map, each run's attention, each run's CAM."""
    runs = comparison.runs
    named = [("AU map", runs[0], "au")] + [
        (f"{word} {run.supervision}", run, name) for name, word in _MAPS.items() for run in runs
    ]
    return Grid(
        EXPRESSIONS,
        tuple(Line(title, (), _means(run, name)) for title, run, name in named),
    )


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
    """Faces with their maps: one grid for all runs that hold the same faces.

    Args:
        comparison: runs of one method on one dataset.
        most: how many faces at most, spread over the classes.
    """
    same: dict[str, list[Result]] = {}
    for run in comparison.runs:
        faces = run.sheet["image"].tobytes() + run.sheet["label"].tobytes()
        same.setdefault(digest(faces), []).append(run)
    return [_sheet(runs, most) for runs in same.values()]


def _sheet(runs: Sequence[Result], most: int) -> Grid:
    columns = [f"{word} {run.supervision}" for word in _MAPS.values() for run in runs]
    shown = spread(runs[0].sheet["label"], most)
    return Grid(("face", "AU map", *columns), tuple(_face(runs, place) for place in shown))


def _face(runs: Sequence[Result], place: int) -> Line:
    sheet = runs[0].sheet
    image, label = sheet["image"][place], int(sheet["label"][place])
    au: Cell = overlaid(image, sheet["au"][place] / 255) if sheet["defined"][place] else NO_MAP
    read = [overlaid(image, run.sheet[name][place] / 255) for name in _MAPS for run in runs]
    notes = tuple(_prediction(run, place, label) for run in runs)
    return Line(EXPRESSIONS[label], notes, (image, au, *read))


def _prediction(run: Result, place: int, label: int) -> tuple[str, bool]:
    chances = run.sheet["probabilities"][place]
    said = int(chances.argmax())
    wrong = said != label
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
    heat_SS = weights_SM @ map_MM @ weights_SM.T
    grey_SS1 = (image_SS3 @ _LUMA)[..., None]
    strength_SS1 = 0.1 + 0.65 * heat_SS[..., None]
    colour_SS3 = colormaps["magma"](heat_SS)[..., :3] * 255
    return _bytes(grey_SS1 * (1 - strength_SS1) + colour_SS3 * strength_SS1)


def _bytes(image: NDArray[np.floating]) -> U8:
    rounded: U8 = np.rint(image).astype(np.uint8)
    return rounded


def _bilinear(size: int, source: int) -> NDArray[np.float64]:
    """Return (size, source) weights that resize a line with half-pixel centres."""
    centres = np.clip((np.arange(size) + 0.5) * source / size - 0.5, 0, source - 1)
    distance = np.abs(centres[:, None] - np.arange(source)[None])
    weights: NDArray[np.float64] = np.clip(1 - distance, 0, 1)
    return weights
