"""Robustness of examined models: accuracy and agreement against the amount of each degradation."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from contracts.examinations import DegradationCurve, DegradedPoint
from report.figures.chart import INK, SOFT, Chart, Point, make_chart, series_colour, style_axes
from report.reading.studies import Study
from report.tables.examination_tables import examined_runs
from report.tables.table import format_number

_SCORES = {"accuracy": "-", "att_cos": "--", "cam_cos": ":"}
_TITLES = {"accuracy": "accuracy", "att_cos": "ATT-COS", "cam_cos": "CAM-COS"}
_COLUMNS, _PANEL = 4, (2.5, 2.1)


def robustness_chart(name: str, study: Study) -> Chart | None:
    """Draw a panel per degradation, a line per run and score; None if not measured."""
    runs = [
        (run.variant, found.robustness)
        for run, found in examined_runs(study)
        if found.robustness and found.robustness.curves
    ]
    if not runs:
        return None
    kinds = {curve.name: curve.unit for _, found in runs for curve in found.curves}
    columns = min(len(kinds), _COLUMNS)
    rows = -(-len(kinds) // columns)

    def draw(figure: Figure) -> list[Point]:
        panels = [*figure.subplots(rows, columns, squeeze=False, sharey=True).flat]
        points: list[Point] = []
        for axes, (kind, unit) in zip(panels, kinds.items(), strict=False):
            style_axes(axes, unit, "")
            axes.set_title(kind.replace("_", " "), fontsize=9, color=INK)
            axes.xaxis.label.set_size(8)
            for index, (variant, found) in enumerate(runs):
                for curve in found.curves:
                    if curve.name == kind:
                        colour = series_colour(index)
                        points += _draw(axes, variant, found.whole, curve, colour)
        for axes in panels[len(kinds) :]:
            axes.set_axis_off()
        figure.axes[0].legend(frameon=False, fontsize=7, labelcolor=INK)
        return points

    title = f"Scores of {study.title} on degraded faces; dotted grey: on the faces as they are"
    size = (_PANEL[0] * columns + 0.3, _PANEL[1] * rows + 0.2)
    return make_chart(name, title, size, draw)


def _draw(
    axes: Axes, variant: str, whole: DegradedPoint, curve: DegradationCurve, colour: str
) -> list[Point]:
    points: list[Point] = []
    axes.axhline(whole.accuracy, color=SOFT, linewidth=0.8, linestyle=":")
    for score, style in _SCORES.items():
        known = [
            (one.amount, value)
            for one in curve.points
            if one.amount is not None and (value := getattr(one, score)) is not None
        ]
        if not known:
            continue
        amounts, values = zip(*known, strict=True)
        label = f"{variant}: {_TITLES[score]}"
        axes.plot(amounts, values, style, color=colour, linewidth=1.4, label=label)
        points += [
            (axes, x, y, f"{label} at {curve.name} {x:g}: {format_number(y)}") for x, y in known
        ]
    return points
