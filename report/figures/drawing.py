"""A page to draw on: one unit is one pixel, or `zoom` of them; y runs down."""

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from errors import printable

INK, GREY, ALERT = "#1a1a1a", "#6b6b6b", "#c62828"
_DPI = 150


def blank_page(width: float, height: float, zoom: float = 1) -> tuple[Figure, Axes]:
    """Return a white page and what draws on it; width and height in units."""
    figure = Figure(figsize=(width * zoom / _DPI, height * zoom / _DPI), dpi=_DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0), autoscale_on=False)
    axes.axis("off")
    return figure, axes


def write(
    axes: Axes,
    at: tuple[float, float],
    text: str,
    size: float,
    **style: Any,  # noqa: ANN401 - matplotlib's own options
) -> None:
    """Write a line that starts at (x, y), its foot there; nothing in it is markup."""
    axes.text(*at, printable_line(text), fontsize=size, parse_math=False, **{"color": INK, **style})


def printable_line(text: str) -> str:
    """Escape what would break the line or what the font may lack."""
    return printable(text).encode("cp1252", "backslashreplace").decode("cp1252")


def shortened(text: str, most: int) -> str:
    """Return a text as `write` shows it; of one longer than `most` characters its end."""
    clean = printable_line(text)
    return clean if len(clean) <= most else f"…{clean[1 - most :]}"


def png(figure: Figure) -> bytes:
    """Encode a page as bytes that depend on what is drawn alone."""
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()
