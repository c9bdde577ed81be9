"""Scores of every method and variant with their intervals, beside what needs no classifier."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from measures.repeats import RepeatStatistics
from report.figures.chart import INK, SOFT, Chart, Point, make_chart, series_colour, style_axes
from report.figures.drawing import printable_line
from report.reading.statistics import StudyStatistics, VariantStatistics
from report.tables.study_table import TITLES, study_rows
from report.tables.table import format_interval, format_number

PANELS = ("accuracy", "balanced_accuracy", "att_cos", "cam_cos")


def forest_chart(name: str, studies: Sequence[StudyStatistics]) -> Chart:
    """Draw one row per method and variant, one panel per score, the reference lines in each."""
    rows = [(study, one) for study, one in study_rows(studies)]
    names = [
        f"{study.study.method} {one.name}" if len(studies) > 1 else one.name for study, one in rows
    ]
    variants = list(dict.fromkeys(one.name for _, one in rows))

    def draw(figure: Figure) -> list[Point]:
        points: list[Point] = []
        for axes, score in zip(figure.subplots(1, len(PANELS), sharey=True), PANELS, strict=True):
            style_axes(axes, TITLES[score], "")
            _draw_lines(axes, _references(rows[0], score))
            for y, ((_, one), words) in enumerate(zip(rows, names, strict=True)):
                colour = series_colour(variants.index(one.name))
                points += _draw_row(axes, y, one.scores[score], f"{words}: {TITLES[score]}", colour)
            axes.set_yticks(range(len(rows)), [printable_line(words) for words in names])
            axes.set_ylim(len(rows) - 0.4, -0.6)
            axes.locator_params(axis="x", nbins=4)
        return points

    title = "Scores of every variant with 95 % intervals, beside the baselines"
    return make_chart(name, title, (11.0, 1.4 + 0.24 * len(rows)), draw)


def _references(row: tuple[StudyStatistics, VariantStatistics], score: str) -> dict[str, float]:
    study, one = row
    level, recall = study.study.scores.chance_level, study.study.scores.recall
    occurring = sum(value is not None for value in recall.values())
    lines: Mapping[str, dict[str, float]] = {
        "accuracy": {f"always {level.majority.expression}": level.majority.share},
        "balanced_accuracy": {"always the same": 1 / occurring},
    }
    return lines[score] if score in lines else one.baselines()


def _draw_row(
    axes: Axes, y: int, found: RepeatStatistics | None, words: str, colour: str
) -> list[Point]:
    if found is None:
        return []
    if found.interval:
        axes.plot(found.interval, [y, y], color=colour, linewidth=2, alpha=0.55)
    axes.plot(found.mean, y, "o", color=colour, markersize=5)
    between = f" (95 % {format_interval(found.interval)})" if found.interval else ""
    return [(axes, found.mean, y, f"{words} {format_number(found.mean)}{between}")]


def _draw_lines(axes: Axes, lines: Mapping[str, float]) -> None:
    """Draw the reference lines, their names above at heights that keep them apart."""
    for index, (name, value) in enumerate(lines.items()):
        axes.axvline(value, color=SOFT, linewidth=1, linestyle=":")
        axes.annotate(
            f"{name} {value:.2f}",
            (value, 1),
            xytext=(0, 2 + 9 * (index % 3)),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            ha="center",
            fontsize=7,
            color=INK,
            parse_math=False,
        )
