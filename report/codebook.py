"""The codebooks, to look at and to look up: a figure and a table, made from the data that draws.

The figure's face is a drawing: frontal, symmetric, placed as stage `align` places a face.
Coordinates are px of the published canvas; L = 68 points.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse as Outline
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from anatomy.action_units import (
    ACTION_UNITS,
    CODEBOOKS,
    PUBLISHED_CANVAS_PX,
    PUBLISHED_EYES_PX,
    ActionUnit,
    Codebook,
    Ellipse,
    Extent,
    Frame,
)
from anatomy.expressions import EXPRESSIONS
from anatomy.heatmaps import au
from anatomy.landmarks import FLIP, POINTS, REGIONS, five_points, mirrored
from report.sheets import blank_page, png
from store.files import atomic_write

TABLE, FIGURE = "action_units.md", "codebook.png"
BASE = "published"
"""The codebook that the others are compared with."""

_HALF = {
    **dict(enumerate([(36, 102), (37, 121), (39, 140), (43, 158), (50, 176)])),
    **dict(enumerate([(60, 190), (74, 202), (92, 209), (111.5, 211)], 5)),
    **dict(enumerate([(52, 87), (60, 79), (73, 75), (87, 77), (100, 82)], 17)),
    **dict(enumerate([(111.5, y) for y in (96, 108, 120, 132)], 27)),
    **dict(enumerate([(97, 142), (104, 145), (111.5, 147)], 31)),
    **dict(enumerate([(66, 99), (74, 94), (85, 94), (92, 100), (84, 102), (75, 102)], 36)),
    **dict(enumerate([(85, 169), (95, 164), (105, 161), (111.5, 163)], 48)),
    **dict(enumerate([(111.5, 181), (104, 180), (94, 177)], 57)),
    **dict(enumerate([(89, 169.5), (104, 168), (111.5, 168.5)], 60)),
    **dict(enumerate([(111.5, 171), (104, 170.5)], 66)),
}
"""The left half and the middle of the drawn face: point -> (x, y)."""

_SIDE = PUBLISHED_CANVAS_PX
_PANEL, _LABELS, _ROW, _LEFT, _HEAD = 224, 70, 272, 130, 96
_INK, _GREY, _NEW = "#1a1a1a", "#8a8a8a", "#c62828"
_TINTS = (
    *("#1f77b4", "#d95f02", "#1b9e77", "#7b3fb5", "#b8860b", "#c2185b", "#00838f", "#5d4037"),
    *("#2e7d32", "#3949ab", "#ef6c00", "#ad1457", "#6d8b00", "#546e7a", "#8e24aa", "#0277bd"),
)
"""One a region; AUs that share a region share its tint."""


def write_codebook(out: Path) -> None:
    """Write OUT/action_units.md and OUT/codebook.png, replacing older ones."""
    out.mkdir(parents=True, exist_ok=True)
    atomic_write(out / TABLE, table().encode())
    atomic_write(out / FIGURE, png(figure()))


def drawn_face() -> NDArray[np.float64]:
    """Return the 68 points (L, 2) of the drawn face."""
    half_L2 = np.array([_HALF.get(point, (np.nan, np.nan)) for point in range(POINTS)])
    return np.where(np.isnan(half_L2), mirrored(half_L2, _SIDE), half_L2)


# The table ---------------------------------------------------------------------------------------


def table() -> str:
    """Return docs/action_units.md."""
    base = CODEBOOKS[BASE]
    lines = [
        "# Action units: where each is drawn, and for which expression",
        "",
        f"Written by `python cli.py view codebook docs` from `anatomy/action_units.py`; the figure",
    ]
    return "\n".join(lines)
