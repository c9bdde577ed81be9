"""Coloured matrices: the confusion matrix, and the cosine per layer and expression."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from contracts.scores import MacroAverage
from report.figures.drawing import png, printable_line
from report.reading.studies import Result
from report.tables.table import ABSENT, format_number


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One cell.

    Attributes:
        text: as printed; empty if undefined.
        weight: depth of its colour, in [0, 1].
        tooltip: the same as a sentence.
    """

    text: str
    weight: float
    tooltip: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Cells with names on both sides.

    Attributes:
        title: the line above it.
        corner: what rows and columns are.
        columns: names.
        rows: (name, its cells).
    """

    title: str
    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[MatrixCell, ...]], ...]


def confusion_matrix(run: Result) -> Matrix:
    """Return labels by predictions; the colour is the share of the row."""
    names = run.scores.labels.names
    return Matrix(
        run.name,
        "label ↓ predicted →",
        names,
        tuple(
            (label, tuple(_confusion_cell(label, name, counts) for name in enumerate(names)))
            for label, counts in zip(names, run.scores.confusion, strict=True)
        ),
    )


def _confusion_cell(label: str, predicted: tuple[int, str], counts: list[int]) -> MatrixCell:
    total, count = sum(counts), counts[predicted[0]]
    share = count / total if total else 0.0
    return MatrixCell(
        str(count),
        share,
        f"{count} of {total} {label} predicted as {predicted[1]} ({share:.1%})",
    )


def cosine_matrix(run: Result) -> Matrix:
    """Return the cosine of each layer, the CAM and the baselines, per expression."""
    scores = run.scores
    measured = {f"layer {layer}": scores.att_cos[layer] for layer in scores.layers}
    baselines = {
        title: average
        for title, average in scores.baselines.titled().items()
        if average.overall is not None
    }
    rows = {**measured, "CAM": scores.cam_cos, **baselines}
    return Matrix(
        run.name,
        "cosine",
        (*scores.labels.names, "mean"),
        tuple((name, _cosine_cells(name, one, scores.labels.names)) for name, one in rows.items()),
    )


def _cosine_cells(
    name: str, agreement: MacroAverage, names: Sequence[str]
) -> tuple[MatrixCell, ...]:
    values = {**{one: agreement.per_class[one] for one in names}, "mean": agreement.overall}
    return tuple(
        MatrixCell("", 0.0, f"{name}, {column}: {ABSENT}")
        if value is None
        else MatrixCell(
            f"{value:.2f}".replace("-", "−"),
            max(value, 0.0),
            f"{name}, {column}: {format_number(value)}",
        )
        for column, value in values.items()
    )


def matrix_figure(matrices: Sequence[Matrix]) -> bytes:
    """Draw matrices of equal sides side by side, coloured by weight."""
    rows, columns = len(matrices[0].rows), len(matrices[0].columns)
    size = (len(matrices) * (0.9 + 0.42 * columns) + 0.6, 1.2 + 0.38 * rows)
    figure = Figure(figsize=size, layout="constrained")
    for axes, matrix in zip(
        figure.subplots(1, len(matrices), squeeze=False)[0], matrices, strict=True
    ):
        _draw_matrix(axes, matrix)
    return png(figure)


def _draw_matrix(axes: Axes, matrix: Matrix) -> None:
    weights = np.array([[cell.weight for cell in cells] for _, cells in matrix.rows])
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_title(printable_line(f"{matrix.title}: {matrix.corner}"), fontsize=9, parse_math=False)
    names = [name for name, _ in matrix.rows]
    axes.set_xticks(range(len(matrix.columns)), matrix.columns, rotation=45, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for row, (_, cells) in enumerate(matrix.rows):
        for column, cell in enumerate(cells):
            colour = "white" if cell.weight > 0.55 else "black" if cell.weight else "#b0b0b0"
            text = axes.text(column, row, cell.text, ha="center", va="center", fontsize=8)
            text.set(color=colour, in_layout=False)  # it is inside: nothing to measure
