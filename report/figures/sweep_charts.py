"""Sweeps: accuracy and agreement with the AU map against the one setting that varies."""

from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from report.figures.chart import INK, SERIES, SOFT, Chart, Point, make_chart, style_axes
from report.figures.drawing import printable_line
from report.tables.study_table import TITLES
from report.tables.sweeps import Sweep
from report.tables.table import format_number


def sweep_charts(sweep: Sweep) -> tuple[Chart, Chart]:
    """Draw accuracies, and ATT-COS and CAM-COS, against the setting."""
    subject, size = f"{sweep.title}, against {sweep.setting}", (4.0, 3.2)
    accuracies = partial(_draw, sweep, ("accuracy", "balanced_accuracy"), "accuracy", {})
    lines = sweep.variants[0].baselines()
    cosines = partial(_draw, sweep, ("att_cos", "cam_cos"), "cosine with the AU map", lines)
    return (
        make_chart(f"{sweep.name}_accuracy", f"Accuracy of {subject}", size, accuracies),
        make_chart(f"{sweep.name}_cosine", f"Agreement of {subject}", size, cosines),
    )


def _draw(
    sweep: Sweep, scores: tuple[str, ...], label: str, lines: dict[str, float], figure: Figure
) -> list[Point]:
    axes = figure.subplots()
    style_axes(axes, sweep.setting, label)
    points = [
        point
        for score, colour in zip(scores, SERIES, strict=False)
        for point in _draw_curve(axes, sweep, score, colour)
    ]
    for name, value in lines.items():
        axes.axhline(value, color=SOFT, linewidth=1, linestyle=":")
        place = axes.get_yaxis_transform()
        axes.text(0.01, value, name, transform=place, va="bottom", fontsize=7, color=INK)
    axes.legend(frameon=False, fontsize=8, labelcolor=INK)
    return points


def _draw_curve(axes: Axes, sweep: Sweep, score: str, colour: str) -> list[Point]:
    """Draw mean and interval against the setting: to scale for numbers, else evenly."""
    numeric = all(_is_number(value) for value in sweep.values)
    positions = [float(value) if numeric else n for n, value in enumerate(sweep.values)]
    known = [
        (x, value, found)
        for x, value, one in zip(positions, sweep.values, sweep.variants, strict=True)
        if (found := one.scores[score]) is not None
    ]
    means = [found.mean for _, _, found in known]
    axes.plot([x for x, _, _ in known], means, "o-", color=colour, label=TITLES[score])
    for x, _, found in known:
        if found.interval:
            axes.plot([x, x], found.interval, color=colour, linewidth=1)
    if not numeric:
        axes.set_xticks(range(len(positions)), [printable_line(value) for value in sweep.values])
    baseline = sweep.baseline.mean(score) if sweep.baseline else None
    if sweep.baseline and baseline is not None:
        label = f"{TITLES[score]}, {sweep.baseline.name}"
        axes.axhline(baseline, color=colour, linewidth=1, linestyle="--", label=label)
    return [
        (
            axes,
            x,
            found.mean,
            f"{sweep.setting} {value}: {TITLES[score]} {format_number(found.mean)}",
        )
        for x, value, found in known
    ]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
