"""Sweeps: accuracy and agreement with the AU map against the one setting that varies."""

from collections.abc import Callable
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from report.figures.chart import ALIGNED, INK, PLAIN, SOFT, Chart, Point, make_chart, style_axes
from report.figures.drawing import printable_line
from report.reading.results import Result
from report.tables.sweeps import SEED, Sweep
from report.tables.table import format_number


def sweep_charts(sweep: Sweep) -> tuple[Chart, Chart]:
    """Draw accuracy, and ATT-COS and CAM-COS, against the setting."""

    def draw_accuracy(figure: Figure) -> list[Point]:
        axes = figure.subplots()
        style_axes(axes, sweep.setting, "accuracy")
        curve = partial(_draw_curve, axes, sweep)
        points = curve(lambda run: run.scores.accuracy, "accuracy", ALIGNED)
        axes.legend(frameon=False, fontsize=8, labelcolor=INK)
        return points

    def draw_agreement(figure: Figure) -> list[Point]:
        axes = figure.subplots()
        style_axes(axes, sweep.setting, "cosine with the AU map")
        curve = partial(_draw_curve, axes, sweep)
        points = curve(lambda run: run.scores.attention.overall, "ATT-COS", ALIGNED)
        points += curve(lambda run: run.scores.cam_cos.overall, "CAM-COS", PLAIN)
        uniform = sweep.runs[0].scores.baselines.uniform.overall
        if uniform is not None:
            axes.axhline(uniform, color=SOFT, linewidth=1, linestyle=":", label="uniform map")
        axes.legend(frameon=False, fontsize=8, labelcolor=INK)
        return points

    subject, size = f"{sweep.title}, against {sweep.setting}", (4.0, 3.2)
    return (
        make_chart(f"{sweep.name}_accuracy", f"Accuracy of {subject}", size, draw_accuracy),
        make_chart(f"{sweep.name}_cosine", f"Agreement of {subject}", size, draw_agreement),
    )


def _draw_curve(
    axes: Axes, sweep: Sweep, read: Callable[[Result], float | None], name: str, colour: str
) -> list[Point]:
    """Draw a score against the setting: to scale for numbers, evenly for anything else."""
    seeds = sweep.setting == SEED
    numeric = not seeds and all(_is_number(value) for value in sweep.values)
    positions = [float(value) if numeric else n for n, value in enumerate(sweep.values)]
    points = [
        (x, y, f"{sweep.setting} {value}: {name} {format_number(y)}")
        for x, value, run in zip(positions, sweep.values, sweep.runs, strict=True)
        if (y := read(run)) is not None
    ]
    axes.plot(
        [x for x, _, _ in points],
        [y for _, y, _ in points],
        "o" if seeds else "o-",
        color=colour,
        label=name,
    )
    if not numeric:
        axes.set_xticks(range(len(positions)), [printable_line(value) for value in sweep.values])
    plain = read(sweep.plain) if sweep.plain else None
    if plain is not None:
        axes.axhline(plain, color=colour, linewidth=1, linestyle="--", label=f"{name}, plain")
    return points


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
