"""Pictures as bytes that depend on the numbers alone: PNG files for papers, JPEG for the page."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.patches import Rectangle

from report.figures.drawing import legible, png
from report.figures.grids import U8, Cell, Grid
from report.figures.matrices import Matrix

_GREY, _RED = "#6b6b6b", "#b3261e"


def jpeg(image: U8) -> bytes:
    """Encode a picture (H, W, 3) for the page."""
    buffer = io.BytesIO()
    imsave(buffer, image, format="jpg", pil_kwargs={"quality": 85})
    return buffer.getvalue()


def matrix_figure(matrices: Sequence[Matrix]) -> bytes:
    """Draw matrices of equal sides side by side, coloured by weight."""
    rows, columns = len(matrices[0].rows), len(matrices[0].columns)
    size = (len(matrices) * (0.9 + 0.42 * columns) + 0.6, 1.2 + 0.38 * rows)
    figure = Figure(figsize=size, layout="constrained")
    for axes, matrix in zip(
        figure.subplots(1, len(matrices), squeeze=False)[0], matrices, strict=True
    ):
        _matrix(axes, matrix)
    return png(figure)


def _matrix(axes: Axes, matrix: Matrix) -> None:
    weights = np.array([[entry.weight for entry in entries] for _, entries in matrix.rows])
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_title(legible(f"{matrix.title}: {matrix.corner}"), fontsize=9, parse_math=False)
    names = [name for name, _ in matrix.rows]
    axes.set_xticks(range(len(matrix.columns)), matrix.columns, rotation=45, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for row, (_, entries) in enumerate(matrix.rows):
        for column, entry in enumerate(entries):
            colour = "white" if entry.weight > 0.55 else "black" if entry.weight else "#b0b0b0"
            axes.text(column, row, entry.text, ha="center", va="center", fontsize=8, color=colour)


def grid_figure(grid: Grid) -> bytes:
    """Draw a grid of pictures, a unit a cell, names to the left and above."""
    margin, gap = 2.0, 0.06
    width, height = margin + len(grid.columns), 0.4 + len(grid.lines)
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    for column, name in enumerate(grid.columns):
        axes.text(column + 0.5, -0.1, name, ha="center", fontsize=7)
    for row, line in enumerate(grid.lines):
        words = [(line.title, False), *line.notes]
        for place, (text, wrong) in enumerate(words):
            colour = _RED if wrong else _GREY if place else "black"
            y = row + 0.5 + 0.16 * (place - (len(words) - 1) / 2)
            axes.text(-0.1, y, text, ha="right", va="center", fontsize=7, color=colour)
        for column, cell in enumerate(line.cells):
            _cell(axes, cell, (column, column + 1 - gap, row + 1 - gap, row))
    axes.set(xlim=(-margin, len(grid.columns)), ylim=(len(grid.lines), -0.4))  # imshow moves them
    return png(figure)


def _cell(axes: Axes, cell: Cell, extent: tuple[float, float, float, float]) -> None:
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


def magma_stops(count: int) -> list[str]:
    """Return colours from low to high, for the page's legend."""
    colours = colormaps["magma"](np.linspace(0, 1, count))[:, :3]
    return ["#" + "".join(f"{round(255 * part):02x}" for part in colour) for colour in colours]
