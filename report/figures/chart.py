"""Charts: one drawing, written as PNG for papers and as SVG for the page.

The SVG names no colours of its own: it uses the variables of the page's style sheet, so the same
drawing serves light and dark. Text stays text.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from report.figures.drawing import png, printable_line

PAPER, INK, SOFT = "#fdfdfb", "#1d2126", "#8a9098"
"""Colours of a PNG: background, text, reference lines."""
SERIES = ("#c2571a", "#215e9e", "#2e7d4f", "#8a4fa3", "#a8862a", "#1f8a99", "#b03a5b")
"""Colours of variants, the baseline first; they come again after the last."""

_CSS_COLOURS = {
    PAPER: "none",
    INK: "var(--ink)",
    SOFT: "var(--chart-soft)",
    SERIES[0]: "var(--plain)",
    SERIES[1]: "var(--accent)",
}
_PX_PER_INCH, _POINTS_PER_INCH = 92, 72
_POINTER_RADIUS = 8
"""Radius around a data point, in points, within which its tooltip appears."""

Point = tuple[Axes, float, float, str]
"""A data point: where it is drawn, x and y in data coordinates, and its tooltip."""
Draw = Callable[[Figure], list[Point]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart in both forms.

    Attributes:
        name: of its file, without the ending.
        description: what it shows, for screen readers.
        png: for papers, on a light background.
        svg: an <svg> element for the page, with a tooltip per data point.
        width_px: on the page, where there is room.
    """

    name: str
    description: str
    png: bytes
    svg: str
    width_px: int


def make_chart(name: str, description: str, size: tuple[float, float], draw: Draw) -> Chart:
    """Draw a chart.

    Args:
        name: of its file.
        description: what it shows.
        size: width and height, inches.
        draw: draws on the figure it is given, in the colours above, and returns the data points.
    """
    figure = Figure(figsize=size, layout="constrained", facecolor=PAPER)
    points = draw(figure)
    picture = png(figure)
    figure.set_layout_engine("none")  # it is laid out; the SVG need not do it again
    return Chart(
        name, description, picture, _svg(figure, name, points), round(_PX_PER_INCH * size[0])
    )


def _svg(figure: Figure, name: str, points: list[Point]) -> str:
    """Return a figure as an <svg> element; the same figure gives the same text."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata=nothing)
    text = buffer.getvalue()
    body = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    width, height = figure.get_size_inches() * _POINTS_PER_INCH
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}">'
        f"{_embeddable(body)}{_tooltips(figure, points)}</svg>"
    )


_EMBED = (
    (r"<!--.*?-->|<style.*?</style>|<metadata>.*?</metadata>", ""),
    (r'<g id="(?![mp][0-9a-f]{10}")[^"]*"', "<g"),  # only what is referred to keeps its id
    (r"xlink:href", "href"),
    (r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px"),  # the page's own font
    (r"font-family: [^;\"]*;? ?", ""),
    (r' transform="rotate\(-0 [^"]*"', ""),
    (r">\s+<", "><"),
)


def _embeddable(body: str) -> str:
    """Drop what an SVG needs only as a file of its own, and use the page's colours and font."""
    for pattern, replacement in _EMBED:
        body = re.sub(pattern, replacement, body, flags=re.DOTALL)
    for colour, variable in _CSS_COLOURS.items():
        body = body.replace(colour, variable)
    return body.strip()


def _tooltips(figure: Figure, points: list[Point]) -> str:
    """Return invisible circles over the data points; each shows its tooltip under the mouse."""
    width, height = figure.get_size_inches() * _POINTS_PER_INCH
    circles = []
    for axes, x, y, tooltip in points:
        left, bottom = (axes.transData - figure.transFigure).transform((x, y))
        circles.append(
            f'<circle class="point" cx="{left * width:.2f}" cy="{(1 - bottom) * height:.2f}" '
            f'r="{_POINTER_RADIUS}"><title>{escape(tooltip)}</title></circle>'
        )
    return "".join(circles)


def style_axes(axes: Axes, x: str, y: str) -> None:
    """Label the axes and keep only the left and the lower frame line."""
    axes.set_facecolor(PAPER)
    axes.set_xlabel(printable_line(x), color=INK, parse_math=False)
    axes.set_ylabel(printable_line(y), color=INK, parse_math=False)
    axes.tick_params(colors=INK, labelsize=9)
    axes.spines[:].set_color(SOFT)
    axes.spines[["top", "right"]].set_visible(False)


def series_colour(index: int) -> str:
    """Return the colour of a variant by its place."""
    return SERIES[index % len(SERIES)]
