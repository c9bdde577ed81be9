"""Charts: accuracy against attention, reliability, ablations. Each is drawn for light and dark."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from report.figures.drawing import legible, png
from report.reading.results import Comparison, Result
from report.tables.sweeps import SEED, Sweep
from report.tables.table import floor, majority, number, overall


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
class Spot:
    """What a point of a chart says when the mouse is over it.

    Attributes:
        left: from the chart's left edge, as a share of its width.
        top: from its upper edge, as a share of its height.
        words: the point's values.
    """

    left: float
    top: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as PNG files.

    Attributes:
        name: of its file.
        words: what it shows, for those who do not see it.
        light: on light paper.
        dark: on dark paper.
        width_px: on the page, where there is room.
        spots: its points.
    """

    name: str
    words: str
    light: bytes
    dark: bytes
    width_px: int
    spots: tuple[Spot, ...]


_PX_AN_INCH = 92
Point = tuple[float, float, str]
"""Where a point lies on both axes, and what it says."""
Draw = Callable[[Figure, Theme], list[Point]]


def _chart(name: str, words: str, size: tuple[float, float], draw: Draw) -> Chart:
    (light, spots), (dark, _) = (_drawn(size, theme, draw) for theme in (LIGHT, DARK))
    return Chart(name, words, light, dark, round(_PX_AN_INCH * size[0]), spots)


def _drawn(size: tuple[float, float], theme: Theme, draw: Draw) -> tuple[bytes, tuple[Spot, ...]]:
    figure = Figure(figsize=size, layout="constrained", facecolor=theme.paper)
    points = draw(figure, theme)
    picture = png(figure)  # only now everything has its place
    to_shares = figure.axes[0].transData - figure.transFigure
    shares = [(to_shares.transform((x, y)), words) for x, y, words in points]
    return picture, tuple(Spot(float(x), 1 - float(y), words) for (x, y), words in shares)


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

    def draw(figure: Figure, theme: Theme) -> list[Point]:
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
        return [
            (x, y, f"{name} {run.supervision}: accuracy {number(y)}, ATT-COS {number(x)}")
            for name, found in spots.items()
            for x, y, run in found
        ]

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
    axes.legend(  # below, where no line runs
        frameon=False,
        fontsize=9,
        labelcolor=theme.ink,
        loc="upper right",
        bbox_to_anchor=(1, -0.12),
        ncols=2,
    )


def reliability_chart(name: str, comparison: Comparison) -> Chart | None:
    """Accuracy against confidence, bin by bin; None where calibration was not measured."""
    runs = [run for run in comparison.runs if run.scores.get("calibration")]
    if not runs:
        return None

    def draw(figure: Figure, theme: Theme) -> list[Point]:
        axes = figure.subplots()
        _dressed(axes, theme, "confidence", "accuracy")
        axes.plot([0, 1], [0, 1], color=theme.soft, linewidth=1, linestyle=":")
        points = [point for run in runs for point in _reliability(axes, run, theme)]
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        axes.legend(frameon=False, fontsize=9, labelcolor=theme.ink)
        return points

    return _chart(name, f"Reliability of {comparison.title}", (4.4, 3.8), draw)


def _reliability(axes: Axes, run: Result, theme: Theme) -> list[Point]:
    bins = [one for one in run.scores["calibration"]["bins"] if one["n"]]
    x, y = [one["confidence"] for one in bins], [one["accuracy"] for one in bins]
    most = max(one["n"] for one in bins)
    colour = _colour(run, theme)
    error = run.scores["calibration"]["ece"]
    axes.plot(x, y, color=colour, linewidth=1)
    axes.scatter(x, y, s=[12 + 90 * one["n"] / most for one in bins], color=colour, alpha=0.8)
    axes.plot([], [], "o-", color=colour, label=f"{run.supervision}, ECE {error:.3f}")
    words = "{}, {} faces: confidence {}, accuracy {}"
    return [
        (sure, right, words.format(run.supervision, one["n"], number(sure), number(right)))
        for sure, right, one in zip(x, y, bins, strict=True)
    ]


def sweep_charts(sweep: Sweep) -> tuple[Chart, Chart]:
    """Accuracy, and the agreements, against one setting."""

    def accuracy(figure: Figure, theme: Theme) -> list[Point]:
        axes = figure.subplots()
        _dressed(axes, theme, sweep.setting, "accuracy")
        curve = partial(_curve, axes, sweep)
        points = curve(lambda run: float(run.scores["accuracy"]), "accuracy", theme.aligned)
        axes.legend(frameon=False, fontsize=8, labelcolor=theme.ink)
        return points

    def agreement(figure: Figure, theme: Theme) -> list[Point]:
        axes = figure.subplots()
        _dressed(axes, theme, sweep.setting, "cosine with the AU map")
        curve = partial(_curve, axes, sweep)
        points = curve(lambda run: overall(run.attention), "ATT-COS", theme.aligned)
        points += curve(lambda run: overall(run.scores["cam_cos"]), "CAM-COS", theme.plain)
        low = floor(sweep.runs[0].scores, "uniform")
        if low is not None:
            axes.axhline(low, color=theme.soft, linewidth=1, linestyle=":", label="uniform map")
        axes.legend(frameon=False, fontsize=8, labelcolor=theme.ink)
        return points

    words, size = f"{sweep.title}, against {sweep.setting}", (4.0, 3.2)
    return (
        _chart(f"{sweep.name}_accuracy", f"Accuracy of {words}", size, accuracy),
        _chart(f"{sweep.name}_cosine", f"Agreement of {words}", size, agreement),
    )


def _curve(
    axes: Axes, sweep: Sweep, read: Callable[[Result], float | None], name: str, colour: str
) -> list[Point]:
    """Draw a score against the setting: to scale for numbers, evenly for anything else."""
    seeds = sweep.setting == SEED
    numeric = not seeds and all(_is_number(value) for value in sweep.values)
    places = [float(value) if numeric else n for n, value in enumerate(sweep.values)]
    found = [
        (x, y, f"{sweep.setting} {value}: {name} {number(y)}")
        for x, value, run in zip(places, sweep.values, sweep.runs, strict=True)
        if (y := read(run)) is not None
    ]
    axes.plot(
        [x for x, _, _ in found],
        [y for _, y, _ in found],
        "o" if seeds else "o-",
        color=colour,
        label=name,
    )
    if not numeric:
        axes.set_xticks(range(len(places)), [legible(value) for value in sweep.values])
    beside = read(sweep.plain) if sweep.plain else None
    if beside is not None:
        axes.axhline(beside, color=colour, linewidth=1, linestyle="--", label=f"{name}, plain")
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
