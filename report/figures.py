"""Pictures as bytes that depend on the numbers alone: PNG files for papers, JPEG for the page."""

import io

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.patches import Rectangle

from anatomy.expressions import EXPRESSIONS
from report.drawing import png
from report.grids import U8, Cell, Grid
from report.results import Comparison, Result

_GREY, _RED = "#6b6b6b", "#b3261e"


def jpeg(image: U8) -> bytes:
    """Encode a picture (H, W, 3) for the page."""
    buffer = io.BytesIO()
    imsave(buffer, image, format="jpg", pil_kwargs={"quality": 90, "subsampling": 0})
    return buffer.getvalue()


def confusion_figure(comparison: Comparison) -> bytes:
    """Draw the runs' confusion matrices: colour is the share of a row, text the count."""
    count = len(comparison.runs)
    figure = Figure(figsize=(3.6 * count + 0.6, 3.9), layout="constrained")
    axes = figure.subplots(1, count, squeeze=False, sharey=True)[0]
    for one, run in zip(axes, comparison.runs, strict=True):
        _confusion(one, run)
    axes[0].set_ylabel("label")
    return png(figure)


def _confusion(axes: Axes, run: Result) -> None:
    counts = np.array(run.scores["confusion"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_title(run.supervision, fontsize=10)
    axes.set_xlabel("prediction")
    axes.set_xticks(range(len(EXPRESSIONS)), EXPRESSIONS, rotation=45, ha="right", fontsize=8)
    axes.set_yticks(range(len(EXPRESSIONS)), EXPRESSIONS, fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for (row, column), value in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.55 else "black" if value else "#b0b0b0"
        axes.text(column, row, str(value), ha="center", va="center", fontsize=8, color=colour)


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
