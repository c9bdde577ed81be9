"""The page of one explained picture: the picture, the maps over it, and a text per face.

One unit of a page is one pixel.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from textwrap import shorten, wrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from numpy.typing import NDArray

from report.figures.drawing import ALERT, GREY, blank_page, fitted, write
from report.figures.overlays import U8, blend_map

Heat = NDArray[np.float32]

_GAP, _MARGIN, _HEAD, _LINE = 12, 20, 64, 21
MOST_TEXTS = 200
"""A page with more would be too tall to draw."""

_LETTER_PX = 7.6
_INDENT = 36
"""Of sentences, behind a number of up to three digits."""
_SENTENCE_LINES = 3
_FRAME = "#ffb300"


@dataclass(frozen=True, slots=True)
class ExplainedFace:
    """One face of a picture, and how the model explains it.

    Attributes:
        outline_42: corners of the aligned face, px of the picture.
        heatmaps: title -> map in [0, 1] over the whole picture, zero outside the face.
        sentence: the explanation in words.
        probabilities: expression -> probability.
        restored_HW3: the picture with this face as the model saw it, where it restores faces first.
    """

    outline_42: NDArray[np.floating]
    heatmaps: Mapping[str, Heat]
    sentence: str
    probabilities: Mapping[str, float]
    restored_HW3: U8 | None = None


def draw_page(
    title: str,
    image_HW3: U8,
    faces: Sequence[ExplainedFace],
    max_faces: int | None = None,
    *,
    origin: str = "",
    notice: str = "",
) -> Figure:
    """Draw the picture, the picture under each map, and the text of each face.

    Faces are numbered in the order in which they are given.

    Args:
        title: the line above the picture.
        image_HW3: RGB.
        faces: in the picture; if empty, the page says that no face was found.
        max_faces: reserve space for this many texts; of more faces, the largest get one.
            None: as many as there are, at most MOST_TEXTS.
        origin: what the run was trained on, written below the title.
        notice: a warning, written in red below that.
    """
    height, width = image_HW3.shape[:2]
    titles = list(dict.fromkeys(title for face in faces for title in face.heatmaps)) or [""] * 3
    seen = _restored(image_HW3, faces)
    columns = 1 + len(seen) + (3 if max_faces else len(titles))
    across = max(2 * _MARGIN + columns * width + (columns - 1) * _GAP, 900)
    letters = int((across - 2 * _MARGIN - _INDENT) / _LETTER_PX)
    lines = 1 + _SENTENCE_LINES
    texts = {
        number: _face_lines(face, letters)
        for number, face in _largest(faces, max_faces or MOST_TEXTS).items()
    }
    rows = max_faces * lines if max_faces else sum(map(len, texts.values())) or 1
    below = [(line, GREY, "normal") for line in wrap(origin, letters)]
    below += [(line, ALERT, "bold") for line in wrap(notice, letters)]
    head = _HEAD + len(below) * _LINE
    figure, axes = blank_page(across, head + height + 2 * _MARGIN + rows * _LINE)
    write(axes, (_MARGIN, 26), fitted(title, 7, across - 2 * _MARGIN, keep_end=True), 7)
    for index, (line, color, weight) in enumerate(below, 1):
        write(axes, (_MARGIN, 26 + index * _LINE), line, 6.5, color=color, weight=weight)
    maps = [_overlay_faces(image_HW3, faces, name) for name in titles if name]
    panels, names = [image_HW3, *seen.values(), *maps], ["picture", *seen, *titles]
    for column, (name, panel) in enumerate(zip(names, panels, strict=False)):
        x = _MARGIN + column * (width + _GAP)
        write(axes, (x, head - 8), name, 6, color=GREY)
        axes.imshow(panel, extent=(x, x + width, head + height, head), aspect="auto")
        _draw_outlines(axes, faces, (x, head), clip=(width, height))
    _write_texts(axes, texts, head + height + _MARGIN + _LINE / 2)
    return figure


def figure_pixels(figure: Figure) -> U8:
    """Return a page as a picture (H, W, 3)."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="rgba", dpi=figure.dpi)
    width, height = FigureCanvasAgg(figure).get_width_height()
    drawn = np.frombuffer(buffer.getvalue(), np.uint8).reshape(height, width, 4)
    return drawn[..., :3]


def shorten_line(text: str, letters: int) -> str:
    """Cut a line that is too long, at a word if there is one."""
    return shorten(text, letters, placeholder=" ...") if " " in text else text[:letters]


def _face_lines(face: ExplainedFace, letters: int) -> list[str]:
    """Return the lines of one face: its sentence, then the probabilities, highest first."""
    ordered = sorted(face.probabilities.items(), key=lambda item: -item[1])
    probabilities = ", ".join(f"{name} {100 * value:.0f} %" for name, value in ordered)
    sentence = wrap(face.sentence, letters, max_lines=_SENTENCE_LINES, placeholder=" ...")
    return [*sentence, shorten_line(probabilities, letters)]


def _largest(faces: Sequence[ExplainedFace], max_faces: int | None) -> dict[int, ExplainedFace]:
    """Return at most so many faces, the largest, by their number, which starts at 1."""
    numbered = dict(enumerate(faces, 1))
    ordered = sorted(numbered, key=lambda number: -_side(numbered[number].outline_42))
    return {number: numbered[number] for number in sorted(ordered[:max_faces])}


def _side(outline_42: NDArray[np.floating]) -> float:
    return float(np.linalg.norm(outline_42[1] - outline_42[0]))


def _write_texts(axes: Axes, texts: Mapping[int, Sequence[str]], y: float) -> None:
    if not texts:
        write(axes, (_MARGIN, y), "No face was found.", 6.5)
    for number, lines in texts.items():
        write(axes, (_MARGIN, y), str(number), 6.5, weight="bold")
        for index, line in enumerate(lines):
            style: dict[str, Any] = {"color": GREY} if index == len(lines) - 1 else {}
            write(axes, (_MARGIN + _INDENT, y), line, 6.5, **style)
            y += _LINE


def _restored(image_HW3: U8, faces: Sequence[ExplainedFace]) -> dict[str, U8]:
    """Return the picture with all faces as they were restored, by title; nothing without any."""
    shown = [face.restored_HW3 for face in faces if face.restored_HW3 is not None]
    if not shown:
        return {}
    panel = image_HW3.copy()
    for one in shown:
        changed_HW = (one != image_HW3).any(axis=2)
        panel[changed_HW] = one[changed_HW]
    return {"as restored": panel}


def _overlay_faces(image_HW3: U8, faces: Sequence[ExplainedFace], name: str) -> U8:
    """Paint the maps of all faces over the picture; where faces overlap, the higher value shows."""
    blank = np.zeros(image_HW3.shape[:2], np.float32)
    return blend_map(
        image_HW3, reduce(np.maximum, (face.heatmaps.get(name, blank) for face in faces))
    )


def _draw_outlines(
    axes: Axes,
    faces: Sequence[ExplainedFace],
    corner_xy: tuple[float, float],
    clip: tuple[int, int],
) -> None:
    """Frame and number the faces on a panel whose upper left corner is at (x, y)."""
    for number, face in enumerate(faces, 1):
        corners = np.clip(face.outline_42 + 0.5, 1, np.array(clip) - 1) + corner_xy
        axes.add_patch(Polygon(corners, fill=False, edgecolor=_FRAME, linewidth=0.8))
        x, y = corners[0]
        style = {"weight": "bold", "bbox": {"facecolor": _FRAME, "edgecolor": "none", "pad": 1}}
        write(axes, (x + 4, y + 14), str(number), 5.5, **style)
