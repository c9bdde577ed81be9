"""Contact sheets: faces with their landmarks and maps, drawn from the stored landmarks, to look at.

Shapes: R chosen rows of a dataset, F faces of one page, L = 68 points, S side of the canvas,
V maps a face (1, or 7 for `per_class_au`). One unit of a page is one pixel.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from anatomy.action_units import PUBLISHED_CANVAS_PX
from anatomy.expressions import EXPRESSIONS
from anatomy.heatmaps import HEATMAPS
from anatomy.landmarks import REGIONS, rescaled
from errors import NoInputError, UsageError, pick
from report.figures.drawing import ALERT, GREY, INK, blank_page, png, shortened, write
from report.figures.grids import U8, overlaid
from report.views.captions import Options, caption, is_label, shown, units_of
from store.files import atomic_write
from store.reading import Store, evenly, read_points
from store.tables import Row

GROUPS = {
    "jaw": ("#4db8ff", ("jaw",)),
    "brows": ("#ffe14d", ("left brow", "right brow")),
    "nose": ("#39e58c", ("nose",)),
    "eyes": ("#ff8a1f", ("left eye", "right eye")),
    "lips": ("#ff5fb0", ("outer lip", "inner lip")),
}
"""What is drawn in one colour: name -> (colour, regions)."""

_OPEN = {"jaw", "left brow", "right brow", "nose"}
_SIDE, _GAP, _MARGIN = PUBLISHED_CANVAS_PX, 4, 28
_HEAD, _CAPTION, _BETWEEN = 104, 58, 32
_STRIPS, _LINES = 12, 6
"""Panels a line at most, and lines of faces a page: 24 faces of three panels, 6 of nine."""
_PEAK = 0.78
"""Where on the colour scale the top of a map lies: orange that the face still shows through."""
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, slots=True)
class Choice:
    """What to look at.

    Attributes:
        kind: row of HEATMAPS.
        expression: only faces of this label; None for all.
        count: faces at most.
        options: of the kind, as in params.yaml.
        canvas_px: what the maps are drawn on.
    """

    kind: str
    expression: str | None
    count: int
    options: Options = field(default_factory=dict)
    canvas_px: int = PUBLISHED_CANVAS_PX


@dataclass(frozen=True, slots=True)
class Look:
    """One face as it is shown.

    Attributes:
        expression: its label.
        caption: label and AUs, or what is missing.
        name: which sample it is.
        own: place of the map of its own label, where there are seven; else None.
        image: (size, size, 3); None where no face was found.
        points_L2: px of the canvas; not finite where there are none.
        maps: one a panel, in [0, 1]; None where undefined.
    """

    expression: str
    caption: str
    name: str
    own: int | None
    image: U8 | None
    points_L2: NDArray[np.floating]
    maps: tuple[NDArray[np.float32] | None, ...]


def write_sheets(faces: Path, landmarks: Path, out: Path, choice: Choice) -> tuple[int, int]:
    """Write OUT/sheet-001.png, ..., replacing those of an earlier call.

    Args:
        faces: store of stage align.
        landmarks: store of stage landmark, made from these faces.
        out: folder to write to; made where it is not there.
        choice: which maps, which faces.

    Returns:
        How many sheets, how many faces.

    Raises:
        UsageError: for an unknown kind or expression, or stores that do not belong together.
        NoInputError: if a store is missing, or holds no such face.
    """
    pick(HEATMAPS, choice.kind, "heatmap kind")
    sources = Store(faces), Store(landmarks)
    table = _common_table(*sources)
    rows_R = chosen_rows([row["expression"] for row in table], choice)
    if not len(rows_R):
        raise NoInputError(faces, f"holds no face of expression {choice.expression}.")
    page_faces = (_STRIPS // (2 + _map_count(choice))) * _LINES
    pages = [rows_R[start : start + page_faces] for start in range(0, len(rows_R), page_faces)]
    out.mkdir(parents=True, exist_ok=True)
    for number, rows_F in enumerate(pages, 1):
        looks = list(_looks(*sources, rows_F, [table[row] for row in rows_F], choice))
        chosen = ", ".join([choice.kind, *(f"{k} {v}" for k, v in choice.options.items())])
        title = f"{sources[0].about['dataset']}: {chosen}, {len(rows_R)} of {len(table)} faces"
        title += f", {looks[0].expression} only" if choice.expression else ""
        title += f", sheet {number} of {len(pages)}"
        figure = _drawn(looks, title, sources[0].about["notice"] or "", choice.options)
        atomic_write(out / f"sheet-{number:03}.png", png(figure))
    drop_stale(out, len(pages))
    return len(pages), len(rows_R)


def drop_stale(out: Path, sheets: int) -> None:
    """Remove the sheets of an earlier call that wrote more of them."""
    for file in out.glob("sheet-*.png"):
        stale = re.fullmatch(r"sheet-(\d{3,})\.png", file.name)
        if stale and int(stale[1]) > sheets:
            file.unlink()


def chosen_rows(expressions: Sequence[str], choice: Choice) -> NDArray[np.intp]:
    """Return rows spread evenly over every expression, in the order of the expressions.

    Args:
        expressions: name of each row.
        choice: how many, and of which expression.

    Raises:
        UsageError: if there is no such expression.
    """
    asked = choice.expression
    wanted = EXPRESSIONS if asked is None else (pick(_NAMES, asked.lower(), "expression"),)
    rows = [row for name in wanted for row, label in enumerate(expressions) if label == name]
    return evenly(rows, choice.count)


_NAMES = {name.lower(): name for name in EXPRESSIONS}


def _common_table(faces: Store, landmarks: Store) -> list[Row]:
    """Return the landmarks' table, once it is sure that its rows are those of the faces."""
    if landmarks.about.get("size_px") is None:
        raise NoInputError(
            landmarks.path, "is no store of landmarks. Name the output of `landmark`."
        )
    table = landmarks.table()
    if [row["id"] for row in table] != [row["id"] for row in faces.table()]:
        raise UsageError(
            landmarks.path, f"was not made from {faces.path}. Name the landmarks of these faces."
        )
    return table


def _map_count(choice: Choice) -> int:
    """Return how many maps a face has."""
    draw = HEATMAPS[choice.kind]
    _, valid = draw(np.zeros((1, 68, 2)), [0], 28, canvas_px=_SIDE, **choice.options)
    return int(valid.size)


def _looks(
    faces: Store, landmarks: Store, rows_F: NDArray[np.intp], table: Sequence[Row], choice: Choice
) -> Iterator[Look]:
    points_FL2 = rescaled(read_points(landmarks, rows_F), landmarks.about["size_px"], _SIDE)
    labels = [EXPRESSIONS.index(row["expression"]) for row in table]
    on_canvas = rescaled(points_FL2, _SIDE, choice.canvas_px)
    maps, valid = HEATMAPS[choice.kind](
        on_canvas, labels, _SIDE, canvas_px=choice.canvas_px, **choice.options
    )
    maps_FVSS = maps.reshape(len(rows_F), -1, _SIDE, _SIDE)
    valid_FV = valid.reshape(len(rows_F), -1)
    images = faces.array("image").take(rows_F)
    usable_F = faces.array("valid").take(rows_F) == 1
    for face, (row, label) in enumerate(zip(table, labels, strict=True)):
        own = label if valid_FV.shape[1] > 1 else None
        found = bool(np.isfinite(points_FL2[face]).all())
        yield Look(
            row["expression"],
            caption(
                row["expression"],
                row["status"],
                found,
                bool(valid_FV[face, own or 0]),
                shown(choice.kind, row["expression"], choice.options),
            ),
            row["id"],
            own,
            images[face] if usable_F[face] else None,
            points_FL2[face],
            tuple(
                one if is_defined else None
                for one, is_defined in zip(maps_FVSS[face], valid_FV[face], strict=True)
            ),
        )


def _drawn(looks: Sequence[Look], title: str, notice: str, options: Options) -> Figure:
    panels = 2 + len(looks[0].maps)
    strip = panels * (_SIDE + _GAP) - _GAP
    columns = _STRIPS // panels
    lines = -(-len(looks) // columns)
    width = 2 * _MARGIN + columns * (strip + _BETWEEN) - _BETWEEN
    head = _HEAD + (40 if looks[0].own is not None else 0)
    figure, axes = blank_page(width, head + lines * (_SIDE + _CAPTION) + _MARGIN // 2)
    _heading(axes, title, notice, width)
    if looks[0].own is not None:
        _column_names(axes, head - 10, options)
    for place, look in enumerate(looks):
        line, column = divmod(place, columns)
        _strip(axes, look, _MARGIN + column * (strip + _BETWEEN), head + line * (_SIDE + _CAPTION))
    return figure


def _heading(axes: Axes, title: str, notice: str, width: float) -> None:
    write(axes, (_MARGIN, 44), title, 15, weight="bold")
    write(axes, (_MARGIN, 76), notice, 9, color=GREY)
    x: float = width - _MARGIN
    for name, (colour, _) in reversed(GROUPS.items()):
        x -= 44 + 13 * len(name)
        axes.plot(x, 36, "o", color=colour, markersize=9, markeredgecolor=INK, markeredgewidth=0.6)
        write(axes, (x + 16, 44), name, 11)


def _column_names(axes: Axes, y: float, options: Options) -> None:
    for number, name in enumerate(EXPRESSIONS):
        x = _MARGIN + (2 + number) * (_SIDE + _GAP)
        write(axes, (x, y - 21), name, 10, weight="bold")
        write(axes, (x, y), units_of(name, options), 7)


def _strip(axes: Axes, look: Look, x: float, y: float) -> None:
    """Draw a face, its landmarks and its maps from left to right, the caption below."""
    _panel(axes, look.image, (x, y), "no face")
    second = (x + _SIDE + _GAP, y)
    if look.image is None or not np.isfinite(look.points_L2).all():
        _panel(axes, None, second, "no landmarks")
    else:
        _panel(axes, _dimmed(look.image), second, "")
        _points(axes, look.points_L2, second)
    for number, one in enumerate(look.maps, 2):
        corner = (x + number * (_SIDE + _GAP), y)
        picture = None if one is None or look.image is None else overlaid(look.image, _PEAK * one)
        _panel(axes, picture, corner, "no map")
        if look.own == number - 2:
            axes.add_patch(
                Rectangle(corner, _SIDE, _SIDE, fill=False, edgecolor=ALERT, linewidth=2.5)
            )
    colour = INK if is_label(look.caption) else ALERT
    write(axes, (x, y + _SIDE + 22), look.caption, 10.5, weight="bold", color=colour)
    write(axes, (x, y + _SIDE + 40), shortened(look.name, 60), 6.5, color=GREY)


def _panel(axes: Axes, picture: U8 | None, corner: tuple[float, float], word: str) -> None:
    x, y = corner
    if picture is not None:
        axes.imshow(picture, extent=(x, x + _SIDE, y + _SIDE, y), aspect="auto")
        return
    empty = Rectangle(corner, _SIDE, _SIDE, facecolor="#f4f4f4", hatch="//", edgecolor="#dcdcdc")
    axes.add_patch(empty)
    write(axes, (x + _SIDE / 2, y + _SIDE / 2), word, 9, color=GREY, ha="center")


def _points(axes: Axes, points_L2: NDArray[np.floating], corner: tuple[float, float]) -> None:
    window = Rectangle(corner, _SIDE, _SIDE, transform=axes.transData)
    for colour, regions in GROUPS.values():
        for region in regions:
            points = REGIONS[region] if region in _OPEN else (*REGIONS[region], REGIONS[region][0])
            x, y = (points_L2[list(points)] + 0.5 + corner).T
            (line,) = axes.plot(x, y, "o-", color=colour, linewidth=0.9, markersize=2.6)
            line.set_clip_path(window)


def _dimmed(image: U8) -> U8:
    grey = np.rint(image @ _LUMA * 0.62).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)
