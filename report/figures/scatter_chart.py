"""Accuracy against ATT-COS: one line per method, from the plain run to the aligned one."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from contracts.scores import BASELINES
from report.figures.chart import (
    ALIGNED,
    INK,
    PLAIN,
    SOFT,
    Chart,
    Point,
    make_chart,
    run_colour,
    style_axes,
)
from report.figures.drawing import printable_line
from report.reading.results import Comparison, Result
from report.tables.table import format_number


def scatter_chart(name: str, comparisons: Sequence[Comparison]) -> Chart:
    """Draw accuracy against ATT-COS for every run of every method."""
    runs_of = {
        one.method: [
            (x, run.scores.accuracy, run)
            for run in one.runs
            if (x := run.scores.attention.overall) is not None
        ]
        for one in comparisons
    }

    def draw(figure: Figure) -> list[Point]:
        axes = figure.subplots()
        style_axes(axes, "ATT-COS, deepest layer", "accuracy")
        _draw_baselines(axes, comparisons[0].runs[-1])
        for runs in runs_of.values():
            axes.plot([x for x, _, _ in runs], [y for _, y, _ in runs], color=SOFT, linewidth=1)
            for x, y, run in runs:
                axes.plot(x, y, "o", color=run_colour(run), markersize=6)
        _write_names(axes, {name: runs[-1][:2] for name, runs in runs_of.items() if runs})
        _draw_legend(axes)
        return [
            (
                x,
                y,
                _tooltip(name, run, x, y),
            )
            for name, runs in runs_of.items()
            for x, y, run in runs
        ]

    return make_chart(name, "Accuracy against ATT-COS of every method", (5.8, 4.2), draw)


def _tooltip(method: str, run: Result, x: float, y: float) -> str:
    values = f"accuracy {format_number(y)}, ATT-COS {format_number(x)}"
    return f"{method} {run.variant}: {values}"


def _write_names(axes: Axes, ends: Mapping[str, tuple[float, float]]) -> None:
    """Write the methods' names in a column on the right, by height, so that none overlap."""
    low, high = axes.get_ylim()
    ordered = sorted(ends.items(), key=lambda pair: pair[1][1])
    heights = label_heights([(y - low) / (high - low) for _, (_, y) in ordered])
    for (name, (x, y)), height in zip(ordered, heights, strict=True):
        axes.annotate(
            printable_line(name),
            (x, y),
            xytext=(1.03, height),
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            color=INK,
            parse_math=False,
            arrowprops={"arrowstyle": "-", "color": SOFT, "linewidth": 0.5},
        )


def label_heights(heights: Sequence[float], gap: float = 0.065) -> list[float]:
    """Move ascending heights up to lie a gap apart, then down again to end at the top, 1."""
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + gap) if moved else height)
    for index in reversed(range(len(moved))):
        moved[index] = min(moved[index], 1 - gap * (len(moved) - 1 - index))
    return moved


def _draw_baselines(axes: Axes, run: Result) -> None:
    """Draw what baseline maps score, and always answering the most frequent expression."""
    for key in BASELINES:
        value: float | None = getattr(run.scores.baselines, key).overall
        if value is not None:
            axes.axvline(value, color=SOFT, linewidth=1, linestyle=":")
            axes.text(
                value,
                1.01,
                BASELINES[key],
                transform=axes.get_xaxis_transform(),
                ha="center",
                fontsize=8,
                color=SOFT,
            )
    most = run.scores.chance_level.majority
    axes.axhline(most.share, color=SOFT, linewidth=1, linestyle=":")
    axes.text(
        0.01,
        most.share,
        f"always {most.expression}",
        transform=axes.get_yaxis_transform(),
        va="bottom",
        fontsize=8,
        color=SOFT,
    )


def _draw_legend(axes: Axes) -> None:
    for name, colour in (("plain", PLAIN), ("aligned", ALIGNED)):
        axes.plot([], [], "o", color=colour, label=name)
    axes.legend(  # below, where no line runs
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        loc="upper right",
        bbox_to_anchor=(1, -0.12),
        ncols=2,
    )
