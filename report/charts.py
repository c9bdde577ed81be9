"""Charts: accuracy against attention, reliability, ablations. Each is drawn for light and dark."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from report.drawing import legible, png
from report.results import Comparison, Result
from report.sweeps import SEED, Sweep
from report.tables import floor, majority, overall


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a chart: paper, ink, what stands back, and of runs plain and aligned."""

    paper: str
    ink: str
    soft: str
    plain: str
    aligned: str


LIGHT = Theme("#fdfdfb", "#1d2126", "#8a9098", "#c2571a", "#215e9e")
DARK = Theme("#15181c", "#e4e6e8", "#6f7780", "#f0a05a", "#7fb4ea")


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as PNG files.

    Attributes:
        name: of its file.
        words: what it shows, for those who do not see it.
        light: on light paper.
        dark: on dark paper.
        width_px: on the page, where there is room.
    """

    name: str
    words: str
    light: bytes
    dark: bytes
    width_px: int


_PX_AN_INCH = 92
Draw = Callable[[Figure, Theme], None]


def _chart(name: str, words: str, size: tuple[float, float], draw: Draw) -> Chart:
    pictures = []
    for theme in (LIGHT, DARK):
        figure = Figure(figsize=size, layout="constrained", facecolor=theme.paper)
        draw(figure, theme)
        pictures.append(png(figure))
    light, dark = pictures
    return Chart(name, words, light, dark, round(_PX_AN_INCH * size[0]))


def _dressed(axes: Axes, theme: Theme, x: str, y: str) -> None:
    axes.set_facecolor(theme.paper)
    axes.set_xlabel(legible(x), color=theme.ink, parse_math=False)
    axes.set_ylabel(legible(y), color=theme.ink, parse_math=False)
    axes.tick_params(colors=theme.ink, labelsize=9)
    axes.spines[:].set_color(theme.soft)
    axes.spines[["top", "right"]].set_visible(False)


def scatter_chart(name: str, comparisons: Sequence[Comparison]) -> Chart:
    """Accuracy against ATT-COS: a line a method, from the plain run to the aligned one."""
    spots = {
        one.method: [
            (x, float(run.scores["accuracy"]), run)
            for run in one.runs
            if (x := overall(run.attention)) is not None
        ]
        for one in comparisons
    }

    def draw(figure: Figure, theme: Theme) -> None:
        axes = figure.subplots()
        _dressed(axes, theme, "ATT-COS, deepest layer", "accuracy")
        _references(axes, comparisons[0].runs[-1], theme)
        for found in spots.values():
            places = [x for x, _, _ in found], [y for _, y, _ in found]
            axes.plot(*places, color=theme.soft, linewidth=1)
            for x, y, run in found:
                axes.plot(x, y, "o", color=_colour(run, theme), markersize=6)
        _labels(axes, {name: found[-1][:2] for name, found in spots.items() if found}, theme)
        _legend(axes, theme)

    return _chart(name, "Accuracy against ATT-COS of every method", (5.8, 4.2), draw)


def _colour(run: Result, theme: Theme) -> str:
    return theme.plain if run.supervision == "plain" else theme.aligned


def _labels(axes: Axes, ends: Mapping[str, tuple[float, float]], theme: Theme) -> None:
    """Name the points in a column to the right, in their order of height, so that none overlap."""
    low, high = axes.get_ylim()
    ordered = sorted(ends.items(), key=lambda pair: pair[1][1])
    heights = label_heights([(y - low) / (high - low) for _, (_, y) in ordered])
    for (name, (x, y)), height in zip(ordered, heights, strict=True):
        axes.annotate(
            legible(name),
            (x, y),
            xytext=(1.03, height),
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            color=theme.ink,
            parse_math=False,
            arrowprops={"arrowstyle": "-", "color": theme.soft, "linewidth": 0.5},
        )


def label_heights(heights: Sequence[float], gap: float = 0.065) -> list[float]:
    """Move ascending heights up to lie a gap apart, then down again to end at the top, 1."""
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + gap) if moved else height)
    for place in reversed(range(len(moved))):
        moved[place] = min(moved[place], 1 - gap * (len(moved) - 1 - place))
    return moved


def _references(axes: Axes, run: Result, theme: Theme) -> None:
    """Draw what trivial maps and the most frequent answer score."""
    for key, words in (("uniform", "uniform map"), ("class_mean", "template")):
        value = floor(run.scores, key)
        if value is not None:
            axes.axvline(value, color=theme.soft, linewidth=1, linestyle=":")
            axes.text(
                value,
                1.01,
                words,
                transform=axes.get_xaxis_transform(),
                ha="center",
                fontsize=8,
                color=theme.soft,
            )
    often = majority(run.scores)
    if often:
        axes.axhline(often[1], color=theme.soft, linewidth=1, linestyle=":")
        axes.text(
            0.01,
            often[1],
            f"always {often[0]}",
            transform=axes.get_yaxis_transform(),
            va="bottom",
            fontsize=8,
            color=theme.soft,
        )


def _legend(axes: Axes, theme: Theme) -> None:
    for name, colour in (("plain", theme.plain), ("aligned", theme.aligned)):
        axes.plot([], [], "o", color=colour, label=name)
    axes.legend(frameon=False, fontsize=9, labelcolor=theme.ink, loc="lower right")


def reliability_chart(name: str, comparison: Comparison) -> Chart | None:
    """Accuracy against confidence, bin by bin; None where calibration was not measured."""
    runs = [run for run in comparison.runs if run.scores.get("calibration")]
    if not runs:
        return None

    def draw(figure: Figure, theme: Theme) -> None:
        axes = figure.subplots()
        _dressed(axes, theme, "confidence", "accuracy")
        axes.plot([0, 1], [0, 1], color=theme.soft, linewidth=1, linestyle=":")
        for run in runs:
            found = run.scores["calibration"]
            bins = [one for one in found["bins"] if one["n"]]
            _reliability(axes, run, bins, theme)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        axes.legend(frameon=False, fontsize=9, labelcolor=theme.ink)

    return _chart(name, f"Reliability of {comparison.title}", (4.4, 3.8), draw)


def _reliability(axes: Axes, run: Result, bins: Sequence[Any], theme: Theme) -> None:
    x, y = [one["confidence"] for one in bins], [one["accuracy"] for one in bins]
    most = max(one["n"] for one in bins)
    colour = _colour(run, theme)
    error = run.scores["calibration"]["ece"]
    axes.plot(x, y, color=colour, linewidth=1)
    axes.scatter(x, y, s=[12 + 90 * one["n"] / most for one in bins], color=colour, alpha=0.8)
    axes.plot([], [], "o-", color=colour, label=f"{run.supervision}, ECE {error:.3f}")


def sweep_charts(sweep: Sweep) -> tuple[Chart, Chart]:
    """Accuracy, and the agreements, against one setting."""

    def accuracy(figure: Figure, theme: Theme) -> None:
        axes = figure.subplots()
        _dressed(axes, theme, sweep.setting, "accuracy")
        _curve(axes, sweep, lambda run: float(run.scores["accuracy"]), "accuracy", theme.aligned)
        axes.legend(frameon=False, fontsize=8, labelcolor=theme.ink)

    def agreement(figure: Figure, theme: Theme) -> None:
        axes = figure.subplots()
        _dressed(axes, theme, sweep.setting, "cosine with the AU map")
        _curve(axes, sweep, lambda run: overall(run.attention), "ATT-COS", theme.aligned)
        _curve(axes, sweep, lambda run: overall(run.scores["cam_cos"]), "CAM-COS", theme.plain)
        low = floor(sweep.runs[0].scores, "uniform")
        if low is not None:
            axes.axhline(low, color=theme.soft, linewidth=1, linestyle=":", label="uniform map")
        axes.legend(frameon=False, fontsize=8, labelcolor=theme.ink)

    words, size = f"{sweep.title}, against {sweep.setting}", (4.0, 3.2)
    return (
        _chart(f"{sweep.name}_accuracy", f"Accuracy of {words}", size, accuracy),
        _chart(f"{sweep.name}_cosine", f"Agreement of {words}", size, agreement),
    )


def _curve(
    axes: Axes, sweep: Sweep, read: Callable[[Result], float | None], name: str, colour: str
) -> None:
    """Draw a score against the setting: to scale for numbers, evenly for anything else."""
    seeds = sweep.setting == SEED
    numeric = not seeds and all(_is_number(value) for value in sweep.values)
    places = [float(value) if numeric else n for n, value in enumerate(sweep.values)]
    found = [
        (x, y) for x, run in zip(places, sweep.runs, strict=True) if (y := read(run)) is not None
    ]
    axes.plot(
        [x for x, _ in found],
        [y for _, y in found],
        "o" if seeds else "o-",
        color=colour,
        label=name,
    )
    if not numeric:
        axes.set_xticks(range(len(places)), [legible(value) for value in sweep.values])
    beside = read(sweep.plain) if sweep.plain else None
    if beside is not None:
        axes.axhline(beside, color=colour, linewidth=1, linestyle="--", label=f"{name}, plain")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
