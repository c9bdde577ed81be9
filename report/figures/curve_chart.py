"""Learning curves of one method: a thin line per run, per variant the mean and the range."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from contracts.scores import LearningCurve
from report.figures.chart import INK, Chart, Point, make_chart, series_colour, style_axes
from report.reading.pooling import mean_curve
from report.reading.studies import Study, VariantResults

PREFERRED = (
    "train/cross_entropy",
    "val/cross_entropy",
    "val/accuracy",
    "val/balanced_accuracy",
    "val/macro_f1",
    "val/att_cos",
)
"""Metrics that are drawn where a run has them, in this order; the others are in curves.json."""


def curve_chart(name: str, study: Study) -> Chart | None:
    """Draw the curves of all runs; None if no run keeps any."""
    known = {metric for run in study.repeats for metric in run.curves}
    metrics = [metric for metric in PREFERRED if metric in known]
    if not metrics:
        return None

    def draw(figure: Figure) -> list[Point]:
        panels = figure.subplots(1, len(metrics), squeeze=False)[0]
        for axes, metric in zip(panels, metrics, strict=True):
            style_axes(axes, "epoch", metric)
            axes.xaxis.get_major_locator().set_params(integer=True)
            for index, one in enumerate(study.variants):
                _draw_variant(axes, one, metric, series_colour(index))
        panels[0].legend(frameon=False, fontsize=8, labelcolor=INK)
        return []

    title = f"Learning curves of {study.title}: per variant the mean of its seeds, and their range"
    return make_chart(name, title, (2.6 * len(metrics) + 0.4, 2.5), draw)


def _draw_variant(axes: Axes, variant: VariantResults, metric: str, colour: str) -> None:
    curves = [run.curves[metric] for run in variant.repeats if metric in run.curves]
    if not curves:
        return
    for one in curves:
        axes.plot(one.epochs, one.values, color=colour, linewidth=0.6, alpha=0.5)
    mean = mean_curve(curves)
    style = "o-" if len(mean.epochs) == 1 else "-"
    axes.plot(
        mean.epochs, mean.values, style, color=colour, linewidth=1.6, markersize=4,
        label=f"{variant.name} ({len(curves)})",
    )  # fmt: skip
    low, high = _range(curves, mean.epochs)
    axes.fill_between(mean.epochs, low, high, color=colour, alpha=0.15, linewidth=0)


def _range(
    curves: Sequence[LearningCurve], epochs: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Return the lowest and the highest value of the runs at every epoch."""
    known = [dict(zip(one.epochs, one.values, strict=True)) for one in curves]
    columns = [[one[epoch] for one in known] for epoch in epochs]
    return [min(values) for values in columns], [max(values) for values in columns]
