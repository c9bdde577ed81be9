"""The page of one explained picture: the picture, where the run looked in it, and what it says.

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

from report.figures.drawing import GREY, blank_page, write
from report.figures.grids import U8, painted

Heat = NDArray[np.float32]

_GAP, _MARGIN, _HEAD, _LINE = 12, 20, 64, 21
_LETTER_PX = 7.6
_SENTENCE_LINES = 3
_FRAME = "#ffb300"


@dataclass(frozen=True, slots=True)
class Told:
    """One face of a picture.

    Attributes:
        outline_42: corners of the aligned face, px of the picture.
        heats: title -> map in [0, 1] over the whole picture, zero outside the face.
        sentence: what is said of it.
        probabilities: of every expression.
    """

    outline_42: NDArray[np.floating]
    heats: Mapping[str, Heat]
    sentence: str
    probabilities: Mapping[str, float]


def page(title: str, image_HW3: U8, faces: Sequence[Told], room: int | None = None) -> Figure:
    """Draw a picture, the picture under every kind of map, and what is said of its faces.

    Args:
        title: what stands above.
        image_HW3: RGB.
        faces: in it; none is said so.
        room: leave room for so many faces, and name no more of them; None for as many as there are.
    """
    height, width = image_HW3.shape[:2]
    titles = list(dict.fromkeys(title for face in faces for title in face.heats)) or [""] * 3
    columns = 1 + (3 if room else len(titles))
    across = max(2 * _MARGIN + columns * width + (columns - 1) * _GAP, 900)
    letters = int((across - 2 * _MARGIN - 20) / _LETTER_PX)
    lines = 1 + _SENTENCE_LINES
    texts = [_lines(face, letters) for face in faces]
    rows = room * lines if room else sum(map(len, texts)) or 1
    figure, axes = blank_page(across, _HEAD + height + 2 * _MARGIN + rows * _LINE)
    write(axes, (_MARGIN, 26), shorten_line(title, letters), 7)
    panels = [image_HW3, *(_laid(image_HW3, faces, name) for name in titles if name)]
    for place, (name, panel) in enumerate(zip(["picture", *titles], panels, strict=False)):
        x = _MARGIN + place * (width + _GAP)
        write(axes, (x, _HEAD - 8), name, 6, color=GREY)
        axes.imshow(panel, extent=(x, x + width, _HEAD + height, _HEAD), aspect="auto")
        _outlines(axes, faces, (x, _HEAD), clip=(width, height))
    _say(axes, texts[:room], _HEAD + height + _MARGIN + _LINE / 2)
    return figure


def pixels(figure: Figure) -> U8:
    """Return a page as a picture (H, W, 3)."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="rgba", dpi=figure.dpi)
    width, height = FigureCanvasAgg(figure).get_width_height()
    drawn = np.frombuffer(buffer.getvalue(), np.uint8).reshape(height, width, 4)
    return drawn[..., :3]


def shorten_line(text: str, letters: int) -> str:
    """Cut a line that is too long, at a word if there is one."""
    return shorten(text, letters, placeholder=" ...") if " " in text else text[:letters]


def _lines(face: Told, letters: int) -> list[str]:
    """Return what is said of a face: its sentence, then the probabilities, highest first."""
    ordered = sorted(face.probabilities.items(), key=lambda item: -item[1])
    chances = ", ".join(f"{name} {chance:.0%}" for name, chance in ordered)
    said = wrap(face.sentence, letters, max_lines=_SENTENCE_LINES, placeholder=" ...")
    return [*said, shorten_line(chances, letters)]


def _say(axes: Axes, texts: Sequence[Sequence[str]], y: float) -> None:
    if not texts:
        write(axes, (_MARGIN, y), "No face was found.", 6.5)
    for number, lines in enumerate(texts, 1):
        write(axes, (_MARGIN, y), str(number), 6.5, weight="bold")
        for place, line in enumerate(lines):
            style: dict[str, Any] = {"color": GREY} if place == len(lines) - 1 else {}
            write(axes, (_MARGIN + 20, y), line, 6.5, **style)
            y += _LINE


def _laid(image_HW3: U8, faces: Sequence[Told], name: str) -> U8:
    """Paint the maps of all faces over the picture; where faces overlap, the higher one."""
    blank = np.zeros(image_HW3.shape[:2], np.float32)
    return painted(image_HW3, reduce(np.maximum, (face.heats.get(name, blank) for face in faces)))


def _outlines(
    axes: Axes, faces: Sequence[Told], at: tuple[float, float], clip: tuple[int, int]
) -> None:
    """Frame and number the faces on a panel whose upper left corner is at (x, y)."""
    for number, face in enumerate(faces, 1):
        corners = np.clip(face.outline_42 + 0.5, 1, np.array(clip) - 1) + at
        axes.add_patch(Polygon(corners, fill=False, edgecolor=_FRAME, linewidth=0.8))
        x, y = corners[0]
        style = {"weight": "bold", "bbox": {"facecolor": _FRAME, "edgecolor": "none", "pad": 1}}
        write(axes, (x + 4, y + 14), str(number), 5.5, **style)
