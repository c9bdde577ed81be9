"""One page of a contact sheet: per face a strip of panels (face, landmarks, maps) and a caption.

Shapes: L = 68 points, S side of a panel. One unit of a page is one pixel.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from anatomy.action_units import PUBLISHED_CANVAS_PX
from anatomy.codebooks import Codebook
from anatomy.landmarks import REGIONS
from report.figures.drawing import ALERT, GREY, INK, blank_page, fitted, write
from report.figures.overlays import U8, overlay_map
from report.views.captions import is_label, units_of

REGION_COLOURS = {
    "jaw": ("#4db8ff", ("jaw",)),
    "brows": ("#ffe14d", ("left brow", "right brow")),
    "nose": ("#39e58c", ("nose",)),
    "eyes": ("#ff8a1f", ("left eye", "right eye")),
    "lips": ("#ff5fb0", ("outer lip", "inner lip")),
}
"""Name in the legend -> (colour, landmark regions)."""

SIDE_PX = PUBLISHED_CANVAS_PX
"""Side of a panel."""
_OPEN = {"jaw", "left brow", "right brow", "nose"}
_GAP, _MARGIN = 4, 28
_HEAD, _CAPTION, _BETWEEN = 104, 58, 32
_PANELS_PER_LINE, _LINES_PER_PAGE = 12, 6
"""24 faces of three panels per page, or 6 of nine."""
_PEAK = 0.78
"""Where on the colour scale the top of a map lies: orange, with the face still visible."""
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, slots=True)
class SheetFace:
    """One face and what is drawn beside it.

    Attributes:
        expression: its label.
        caption: label and AUs, or why there is no map.
        name: id of the sample.
        own_map: index of the map of its own label if there are several maps, else None.
        image: (size, size, 3); None if no face was found.
        points_L2: px of the canvas; not finite if there are no landmarks.
        maps: one per panel, in [0, 1]; None where undefined.
    """

    expression: str
    caption: str
    name: str
    own_map: int | None
    image: U8 | None
    points_L2: NDArray[np.floating]
    maps: tuple[NDArray[np.float32] | None, ...]


def faces_per_page(maps: int) -> int:
    """Return how many faces with this many maps each fit on a page."""
    return _PANELS_PER_LINE // (2 + maps) * _LINES_PER_PAGE


def draw_sheet(faces: Sequence[SheetFace], title: str, notice: str, book: Codebook) -> Figure:
    """Draw the faces of one page."""
    panels = 2 + len(faces[0].maps)
    strip = panels * (SIDE_PX + _GAP) - _GAP
    columns = _PANELS_PER_LINE // panels
    lines = -(-len(faces) // columns)
    width = 2 * _MARGIN + columns * (strip + _BETWEEN) - _BETWEEN
    head = _HEAD + (40 if faces[0].own_map is not None else 0)
    figure, axes = blank_page(width, head + lines * (SIDE_PX + _CAPTION) + _MARGIN // 2)
    _draw_heading(axes, title, notice, width)
    if faces[0].own_map is not None:
        _draw_column_names(axes, head - 10, book)
    for index, face in enumerate(faces):
        line, column = divmod(index, columns)
        x, y = _MARGIN + column * (strip + _BETWEEN), head + line * (SIDE_PX + _CAPTION)
        _draw_strip(axes, face, x, y)
    return figure


def _draw_heading(axes: Axes, title: str, notice: str, width: float) -> None:
    write(axes, (_MARGIN, 76), notice, 9, color=GREY)
    x: float = width - _MARGIN
    for name, (colour, _) in reversed(REGION_COLOURS.items()):
        x -= 44 + 13 * len(name)
        axes.plot(x, 36, "o", color=colour, markersize=9, markeredgecolor=INK, markeredgewidth=0.6)
        write(axes, (x + 16, 44), name, 11)
    heading = fitted(title, 15, x - 2 * _MARGIN, bold=True)
    write(axes, (_MARGIN, 44), heading, 15, weight="bold")


def _draw_column_names(axes: Axes, y: float, book: Codebook) -> None:
    for number, name in enumerate(book.expressions):
        x = _MARGIN + (2 + number) * (SIDE_PX + _GAP)
        write(axes, (x, y - 21), name, 10, weight="bold")
        write(axes, (x, y), units_of(name, book), 7)


def _draw_strip(axes: Axes, face: SheetFace, x: float, y: float) -> None:
    """Draw a face, its landmarks and its maps from left to right, the caption below."""
    _draw_panel(axes, face.image, (x, y), "no face")
    second = (x + SIDE_PX + _GAP, y)
    if face.image is None or not np.isfinite(face.points_L2).all():
        _draw_panel(axes, None, second, "no landmarks")
    else:
        _draw_panel(axes, _dimmed(face.image), second, "")
        _draw_points(axes, face.points_L2, second)
    for number, one in enumerate(face.maps, 2):
        corner = (x + number * (SIDE_PX + _GAP), y)
        picture = (
            None if one is None or face.image is None else overlay_map(face.image, _PEAK * one)
        )
        _draw_panel(axes, picture, corner, "no map")
        if face.own_map == number - 2:
            axes.add_patch(
                Rectangle(corner, SIDE_PX, SIDE_PX, fill=False, edgecolor=ALERT, linewidth=2.5)
            )
    colour = INK if is_label(face.caption, face.expression) else ALERT
    strip = (2 + len(face.maps)) * (SIDE_PX + _GAP)
    caption = fitted(face.caption, 10.5, strip, bold=True)
    write(axes, (x, y + SIDE_PX + 22), caption, 10.5, weight="bold", color=colour)
    name = fitted(face.name, 6.5, strip, keep_end=True)
    write(axes, (x, y + SIDE_PX + 40), name, 6.5, color=GREY)


def _draw_panel(axes: Axes, picture: U8 | None, corner: tuple[float, float], word: str) -> None:
    x, y = corner
    if picture is not None:
        axes.imshow(picture, extent=(x, x + SIDE_PX, y + SIDE_PX, y), aspect="auto")
        return
    empty = Rectangle(
        corner, SIDE_PX, SIDE_PX, facecolor="#f4f4f4", hatch="//", edgecolor="#dcdcdc"
    )
    axes.add_patch(empty)
    write(axes, (x + SIDE_PX / 2, y + SIDE_PX / 2), word, 9, color=GREY, ha="center")


def _draw_points(axes: Axes, points_L2: NDArray[np.floating], corner: tuple[float, float]) -> None:
    window = Rectangle(corner, SIDE_PX, SIDE_PX, transform=axes.transData)
    for colour, regions in REGION_COLOURS.values():
        for region in regions:
            points = REGIONS[region] if region in _OPEN else (*REGIONS[region], REGIONS[region][0])
            x, y = (points_L2[list(points)] + 0.5 + corner).T
            (line,) = axes.plot(x, y, "o-", color=colour, linewidth=0.9, markersize=2.6)
            line.set_clip_path(window)


def _dimmed(image: U8) -> U8:
    grey = np.rint(image @ _LUMA * 0.62).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)
