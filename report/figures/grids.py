"""Pictures in rows and columns, with names on both sides; drawn as one figure for papers."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from report.figures.drawing import png
from report.figures.overlays import U8

Cell = U8 | str
"""A picture (H, W, 3), or the text that stands in its place."""
_GREY, _RED = "#6b6b6b", "#b3261e"


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row of pictures.

    Attributes:
        title: what it shows.
        notes: (text, whether it reports a mistake) below the title.
        cells: one per column.
    """

    title: str
    notes: tuple[tuple[str, bool], ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Pictures with names on both sides."""

    columns: tuple[str, ...]
    rows: tuple[GridRow, ...]


def grid_figure(grid: Grid) -> bytes:
    """Draw a grid as PNG, one unit per cell, names to the left and above."""
    margin, gap = 2.0, 0.06
    width, height = margin + len(grid.columns), 0.4 + len(grid.rows)
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    for column, name in enumerate(grid.columns):
        axes.text(column + 0.5, -0.1, name, ha="center", fontsize=7)
    for top, row in enumerate(grid.rows):
        texts = [(row.title, False), *row.notes]
        for number, (text, wrong) in enumerate(texts):
            colour = _RED if wrong else _GREY if number else "black"
            y = top + 0.5 + 0.16 * (number - (len(texts) - 1) / 2)
            axes.text(-0.1, y, text, ha="right", va="center", fontsize=7, color=colour)
        for column, cell in enumerate(row.cells):
            _draw_cell(axes, cell, (column, column + 1 - gap, top + 1 - gap, top))
    axes.set(xlim=(-margin, len(grid.columns)), ylim=(len(grid.rows), -0.4))  # imshow moves them
    return png(figure)


def _draw_cell(axes: Axes, cell: Cell, extent: tuple[float, float, float, float]) -> None:
    left, right, bottom, top = extent
    if not isinstance(cell, str):
        axes.imshow(cell, extent=extent, interpolation="bilinear", aspect="auto")
        return
    size = (right - left, bottom - top)
    axes.add_patch(
        Rectangle((left, top), *size, fill=False, hatch="////", edgecolor="#d0d0d0", linewidth=0)
    )
    axes.text(
        (left + right) / 2,
        (top + bottom) / 2,
        cell,
        ha="center",
        va="center",
        fontsize=7,
        color=_GREY,
    )
