"""Contact sheets of aligned faces, or of pictures in which no face was found.

One unit of a page is one pixel.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from errors import NoInputError, pick
from report.figures.drawing import ALERT, GREY, INK, blank_page, fitted, png, write
from report.figures.overlays import U8
from report.views.heatmap_sheets import drop_stale
from store.files import atomic_write
from store.reading import Store, evenly_spaced
from store.records import Status
from store.tables import Row

_COLUMNS, _LINES = 10, 6
_SIDE, _GAP, _MARGIN, _HEAD, _CAPTION = 160, 8, 24, 84, 58
_STATUSES = {str(status): status for status in Status}


def write_face_sheets(faces: Path, out: Path, status: str | None, count: int) -> tuple[int, int]:
    """Write OUT/sheet-001.png, ..., replacing those of an earlier call.

    Args:
        faces: store of stage align.
        out: folder to write to; made where it is not there.
        status: only rows of this status, such as no_face; None for all.
        count: at most this many pictures, spread evenly over the dataset.

    Returns:
        Number of sheets, number of pictures.

    Raises:
        UsageError: for an unknown status.
        NoInputError: if the store is missing, or holds no such row.
    """
    store = Store(faces)
    table = store.table()
    if "image" not in store.layout.arrays:
        raise NoInputError(faces, "is no store of faces. Name the output of `align`.")
    wanted = None if status is None else pick(_STATUSES, status, "status")
    rows = [n for n, found in enumerate(table["status"]) if wanted in (None, found)]
    if not rows:
        raise NoInputError(faces, f"holds no picture of status {status}.")
    chosen = evenly_spaced(rows, count)
    pages = [chosen[n : n + _COLUMNS * _LINES] for n in range(0, len(chosen), _COLUMNS * _LINES)]
    out.mkdir(parents=True, exist_ok=True)
    for number, rows_F in enumerate(pages, 1):
        title = f"{store.metadata['dataset']}: {len(chosen)} of {len(rows)} pictures"
        title += f" of status {status}" if status else ""
        title += f", sheet {number} of {len(pages)}"
        page = _page(title, store, rows_F, table[rows_F].rows(named=True))
        atomic_write(out / f"sheet-{number:03}.png", page)
    drop_stale(out, len(pages))
    return len(pages), len(chosen)


def _page(title: str, store: Store, rows_F: NDArray[np.intp], table: Sequence[Row]) -> bytes:
    lines = -(-len(rows_F) // _COLUMNS)
    width = 2 * _MARGIN + _COLUMNS * (_SIDE + _GAP) - _GAP
    figure, axes = blank_page(width, _HEAD + lines * (_SIDE + _CAPTION) + _MARGIN // 2)
    write(axes, (_MARGIN, 40), title, 13, weight="bold")
    write(axes, (_MARGIN, 66), store.metadata["notice"] or "", 8, color=GREY)
    images = store.array("image").take(rows_F)
    for index, (image, row) in enumerate(zip(images, table, strict=True)):
        line, column = divmod(index, _COLUMNS)
        corner = (_MARGIN + column * (_SIDE + _GAP), _HEAD + line * (_SIDE + _CAPTION))
        _cell(axes, image, row, corner)
    return png(figure)


def _cell(axes: Axes, image: U8, row: Row, corner: tuple[float, float]) -> None:
    x, y = corner
    if image.any():
        axes.imshow(image, extent=(x, x + _SIDE, y + _SIDE, y), aspect="auto")
    else:
        empty = Rectangle(
            corner, _SIDE, _SIDE, facecolor="#f4f4f4", hatch="//", edgecolor="#dcdcdc"
        )
        axes.add_patch(empty)
    good = row["status"] == Status.OK
    first = fitted(row["expression"] if good else row["status"], 7.5, _SIDE, bold=True)
    write(axes, (x, y + _SIDE + 16), first, 7.5, weight="bold", color=INK if good else ALERT)
    second = f"{'' if good else row['expression']} {row['backend']} {row['detail']}".strip()
    lines = (fitted(second, 5.5, _SIDE), fitted(row["id"], 5.5, _SIDE, keep_end=True))
    for number, text in enumerate(lines):
        write(axes, (x, y + _SIDE + 30 + 13 * number), text, 5.5, color=GREY)
