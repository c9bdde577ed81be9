"""A page to draw on: one unit is one pixel, or `zoom` of them; y runs down."""

import io
from bisect import bisect_left
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from errors import printable

INK, GREY, ALERT = "#1a1a1a", "#6b6b6b", "#c62828"
_DPI, _POINTS_PER_INCH = 150, 72


def blank_page(width: float, height: float, zoom: float = 1) -> tuple[Figure, Axes]:
    """Return a white page and the axes that draw on it; width and height in units."""
    figure = Figure(figsize=(width * zoom / _DPI, height * zoom / _DPI), dpi=_DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0), autoscale_on=False)
    axes.axis("off")
    return figure, axes


def write(
    axes: Axes,
    start_xy: tuple[float, float],
    text: str,
    size: float,
    **style: Any,  # noqa: ANN401 - matplotlib's own options
) -> None:
    """Write a line that starts at (x, y), its foot there; nothing in it is markup."""
    axes.text(
        *start_xy, printable_line(text), fontsize=size, parse_math=False, **{"color": INK, **style}
    )


def printable_line(text: str) -> str:
    """Escape what would break the line or what the font may lack."""
    return printable(text).encode("cp1252", "backslashreplace").decode("cp1252")


def fitted(text: str, size: float, width: float, keep_end: bool = False, bold: bool = False) -> str:
    """Return a text as `write` shows it, shortened if it is wider than the room.

    Args:
        text: any.
        size: of the letters, points.
        width: room on a page that is not zoomed, px.
        keep_end: keep the end instead of the beginning, as of a path.
        bold: whether it is written so.
    """
    font = FontProperties(size=size, weight="bold" if bold else "normal")
    clean = printable_line(text)
    room = width * _POINTS_PER_INCH / _DPI
    if _width(clean, font) <= room:
        return clean

    def cut(letters: int) -> str:
        return f"…{clean[len(clean) - letters :]}" if keep_end else f"{clean[:letters]}…"

    letters = bisect_left(
        range(len(clean)), True, key=lambda letters: _width(cut(letters), font) > room
    )
    return cut(max(0, letters - 1))


def _width(text: str, font: FontProperties) -> float:
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def png(figure: Figure) -> bytes:
    """Encode a page as bytes that depend on what is drawn alone."""
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()
