"""The codebooks as a figure: every expression's action units on one face, one row per codebook.

The face is a drawing: frontal, symmetric, placed as stage `align` places a face.
Coordinates are px of the published canvas; L = 68 points.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse as Outline
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from anatomy.action_units import (
    PUBLISHED_CANVAS_PX,
    Region,
)
from anatomy.codebooks import CODEBOOKS, Codebook, codebook_of
from anatomy.drawing import place_on_canvas
from anatomy.heatmaps import au
from anatomy.landmarks import POINTS, REGIONS, mirror_points
from contracts.labels import LabelSet
from report.figures.drawing import ALERT, GREY, blank_page, png, write
from report.views.codebook_table import BASE, numbers, table
from store.files import atomic_write

TABLE, FIGURE = "action_units.md", "codebook.png"
Face = NDArray[np.float64]

_HALF = {
    0: ((36, 102), (37, 121), (39, 140), (43, 158), (50, 176)),
    5: ((60, 190), (74, 202), (92, 209), (111.5, 211)),
    17: ((52, 87), (60, 79), (73, 75), (87, 77), (100, 82)),
    27: ((111.5, 96), (111.5, 108), (111.5, 120), (111.5, 132)),
    31: ((97, 142), (104, 145), (111.5, 147)),
    36: ((66, 99), (74, 94), (85, 94), (92, 100), (84, 102), (75, 102)),
    48: ((85, 169), (95, 164), (105, 161), (111.5, 163)),
    57: ((111.5, 181), (104, 180), (94, 177)),
    60: ((89, 169.5), (104, 168), (111.5, 168.5)),
    66: ((111.5, 171), (104, 170.5)),
}
"""The drawn face, its left half and middle: a point -> (x, y) of it and of those that follow."""

_SIDE = PUBLISHED_CANVAS_PX
_ZOOM, _COLUMNS, _PITCH, _ROW, _HEAD, _MARGIN = 1.6, 4, 300, 276, 66, 20
_LABEL_GAP, _LABEL_STEP = 12, 15
_HEAT = "#ffb347"
_TINTS = (
    *("#1f77b4", "#009999", "#7b3fb5", "#2e7d32", "#b36b00", "#8d6e00", "#00695c", "#5d4037"),
    *("#3949ab", "#607d8b", "#6d8b00", "#0277bd", "#b36b00", "#8e24aa", "#00897b", "#455a64"),
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One expression of one codebook on one face.

    Attributes:
        title: what stands above.
        expression: name.
        book: what is drawn for which class.
        face_L2: the face, px of the canvas.
    """

    title: str
    expression: str
    book: Codebook
    face_L2: Face

    def regions(self, book: Codebook) -> dict[Region, list[int]]:
        """Return the regions of the expression in a codebook, each with its AUs."""
        found: dict[Region, list[int]] = {}
        for number, region in book.placed[self.expression]:
            found.setdefault(region, []).append(number)
        return found


def write_codebook(out: Path, labels: LabelSet) -> None:
    """Write OUT/action_units.md and OUT/codebook.png of a label set, replacing older ones."""
    out.mkdir(parents=True, exist_ok=True)
    atomic_write(out / TABLE, table(labels).encode())
    atomic_write(out / FIGURE, png(figure(labels)))


def drawn_face() -> Face:
    """Return the 68 points (L, 2) of the drawn face."""
    left_L2 = np.full((POINTS, 2), np.nan)
    for first, points in _HALF.items():
        left_L2[first : first + len(points)] = points
    return np.where(np.isnan(left_L2), mirror_points(left_L2, _SIDE), left_L2)


def figure(labels: LabelSet) -> Figure:
    """Draw every class, and one of them on a face half as large; one row per codebook."""
    panels = [list(_panels(codebook_of(labels, name))) for name in CODEBOOKS]
    rows = [
        row[start : start + _COLUMNS]
        for start in range(0, len(panels[0]), _COLUMNS)
        for row in panels
    ]
    width = 2 * _MARGIN + _COLUMNS * _PITCH
    page, axes = blank_page(width, _HEAD + len(rows) * _ROW + _MARGIN, _ZOOM)
    write(axes, (_MARGIN, 30), f"Action units of the label set {labels.name}", 17, weight="bold")
    key = (
        "Coloured numbers: FACS. Orange: the map. "
        f"Red: differs from {BASE}. Dotted: where {BASE} draws it."
    )
    write(axes, (_MARGIN, 50), key, 11, color=GREY)
    for number, row in enumerate(rows):
        for column, panel in enumerate(row):
            _draw(axes, panel, (_MARGIN + column * _PITCH, _HEAD + number * _ROW + 24))
    return page


def _panels(book: Codebook) -> Iterator[Panel]:
    face_L2 = drawn_face()
    for name in book.expressions:
        yield Panel(name, name, book, face_L2)
    centre = (_SIDE - 1) / 2
    small = next(name for name, units in book.expressions.items() if units)
    yield Panel("on a small face", small, book, (face_L2 - centre) / 2 + centre)


def _draw(axes: Axes, panel: Panel, corner: tuple[float, float]) -> None:
    x, y = corner
    units = panel.book.expressions[panel.expression]
    write(axes, (x, y - 6), panel.title, 12, weight="bold")
    write(axes, (x + _SIDE, y - 6), panel.book.name, 11, color=GREY, ha="right")
    write(axes, (x, y + _SIDE + 15), numbers(units), 10.5, color=GREY)
    axes.add_patch(Rectangle(corner, _SIDE, _SIDE, facecolor="#fafafa", edgecolor="#d8d8d8"))
    axes.imshow(_shade(panel), extent=(x, x + _SIDE, y + _SIDE, y), aspect="auto", zorder=2)
    _outline_face(axes, panel.face_L2 + 0.5 + corner)
    window = Rectangle(corner, _SIDE, _SIDE, transform=axes.transData)
    for shape in _ellipses(panel, _base(panel), corner) if panel.book.name != BASE else ():
        shape.set(edgecolor="#9a9a9a", linestyle=":", linewidth=1.1)
        axes.add_patch(shape).set_clip_path(window)
    for shape in _ellipses(panel, panel.book, corner):
        axes.add_patch(shape).set_clip_path(window)
    _label(axes, panel, corner)


def _shade(panel: Panel) -> NDArray[np.float64]:
    """Return the map of the panel's expression as a colour that lets through: (S, S, 4)."""
    (label,) = panel.book.labels.ids([panel.expression])
    maps, _ = au(panel.face_L2[None], [label], _SIDE, canvas_px=_SIDE, codebook=panel.book)
    colour = np.broadcast_to(to_rgb(_HEAT), (_SIDE, _SIDE, 3))
    return np.concatenate([colour, 0.6 * maps[0][..., None]], axis=-1)


def _outline_face(axes: Axes, face_L2: Face) -> None:
    for name, points in REGIONS.items():
        closed = (*points, points[0]) if "eye" in name or "lip" in name else points
        axes.plot(*face_L2[list(closed)].T, color="#555555", linewidth=0.9, zorder=3)


def _ellipses(panel: Panel, book: Codebook, corner: tuple[float, float]) -> Iterator[Outline]:
    frame = place_on_canvas(panel.face_L2[None], book.face_scaled, _SIDE)
    for region, units in panel.regions(book).items():
        colour = ALERT if _is_new(panel, units[0], region) else _tint(panel.book, units[0])
        for ellipse in region:
            (x, y), (a, b) = (one[0].tolist() for one in ellipse.on(frame))
            at = (corner[0] + x + 0.5, corner[1] + y + 0.5)
            yield Outline(
                at, 2 * a + 1, 2 * b + 1, fill=False, edgecolor=colour, linewidth=1.3, zorder=4
            )


def _label(axes: Axes, panel: Panel, corner: tuple[float, float]) -> None:
    """Write the numbers of each region right of the face, with a line to its right ellipse."""
    frame = place_on_canvas(panel.face_L2[None], panel.book.face_scaled, _SIDE)
    regions = panel.regions(panel.book)
    ends = {
        region: max(ellipse.on(frame)[0][0].tolist() for ellipse in region) for region in regions
    }
    order = sorted(regions, key=lambda region: ends[region][1])
    heights = apart([ends[region][1] for region in order], _LABEL_STEP, _SIDE - 8)
    right = corner[0] + _SIDE + _LABEL_GAP
    for region, height in zip(order, heights, strict=True):
        x, y = ends[region][0] + corner[0] + 0.5, ends[region][1] + corner[1] + 0.5
        units = regions[region]
        colour = ALERT if _is_new(panel, units[0], region) else _tint(panel.book, units[0])
        at = corner[1] + height
        axes.plot((x, right - 3), (y, at), color=colour, linewidth=0.7, zorder=5)
        axes.plot(x, y, "o", color=colour, markersize=2.6, zorder=5)
        text = " ".join(map(str, units))
        write(axes, (right, at), text, 11, color=colour, weight="bold", va="center")


def apart(heights: Sequence[float], step: float, lowest: float) -> list[float]:
    """Move ascending heights so that they are at least `step` apart and none is below `lowest`."""
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + step) if moved else height)
    for index in range(len(moved) - 1, -1, -1):
        lowest = moved[index] = min(moved[index], lowest)
        lowest -= step
    return moved


def _is_new(panel: Panel, number: int, region: Region) -> bool:
    """Return whether the base codebook draws this AU elsewhere, or not for this expression."""
    return (number, region) not in _base(panel).placed[panel.expression]


def _base(panel: Panel) -> Codebook:
    return codebook_of(panel.book.labels, BASE)


def _tint(book: Codebook, number: int) -> str:
    """Return the colour of an AU; those that share a region share it."""
    regions = list(dict.fromkeys(unit.region for unit in book.regions.values()))
    return _TINTS[regions.index(book.regions[number].region) % len(_TINTS)]
