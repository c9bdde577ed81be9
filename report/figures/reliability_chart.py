"""Reliability: accuracy against confidence, one point per bin of confidence."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from report.figures.chart import INK, SOFT, Chart, Point, make_chart, series_colour, style_axes
from report.reading.studies import Result, Study
from report.tables.table import format_number


def reliability_chart(name: str, study: Study) -> Chart:
    """Draw accuracy against confidence."""

    def draw(figure: Figure) -> list[Point]:
        axes = figure.subplots()
        style_axes(axes, "confidence", "accuracy")
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=":")
        points = [
            point
            for index, run in enumerate(study.shown)
            for point in _draw_run(axes, run, series_colour(index))
        ]
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        axes.legend(frameon=False, fontsize=9, labelcolor=INK)
        return points

    return make_chart(name, f"Reliability of {study.title}", (4.4, 3.8), draw)


def _draw_run(axes: Axes, run: Result, colour: str) -> list[Point]:
    """Draw the bins of one run; the area of a dot grows with the number of faces."""
    bins = [
        (one.confidence, one.accuracy, one.n)
        for one in run.scores.calibration.bins
        if one.confidence is not None and one.accuracy is not None
    ]
    x, y, counts = zip(*bins, strict=True)
    axes.plot(x, y, color=colour, linewidth=1)
    axes.scatter(x, y, s=[12 + 90 * n / max(counts) for n in counts], color=colour, alpha=0.8)
    label = f"{run.name}, ECE {run.scores.calibration.ece:.3f}"
    axes.plot([], [], "o-", color=colour, label=label)
    tooltip = "{}, {} faces: confidence {}, accuracy {}"
    return [
        (
            axes,
            confidence,
            accuracy,
            tooltip.format(run.name, n, format_number(confidence), format_number(accuracy)),
        )
        for confidence, accuracy, n in bins
    ]
