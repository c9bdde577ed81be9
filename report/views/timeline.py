"""Draws the probabilities of a video over time.

Shapes: N frames, V classes.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from contracts.labels import LabelSet
from report.figures.drawing import ALERT, GREY, fitted

_INCHES = (11, 4.2)
_TITLE_PX = 1600


def draw_timeline(
    title: str,
    seconds_N: Sequence[float],
    probabilities_NV: NDArray[np.floating],
    labels: LabelSet,
    origin: str = "",
    notice: str = "",
) -> Figure:
    """Draw one line per expression; it has a gap where there is no face.

    Args:
        title: the line above.
        seconds_N: when each frame is shown.
        probabilities_NV: of the largest face of each frame; NaN without a face.
        labels: the classes.
        origin: what the model was trained on, written below the title.
        notice: a warning, written in red below that.
    """
    figure = Figure(figsize=_INCHES, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    for index, one in enumerate(labels.classes):
        values_N = probabilities_NV[:, index]
        axes.plot(
            seconds_N, values_N, "o-", color=one.colour, markersize=2.5, lw=1.4, label=one.name
        )
    axes.set(xlabel="seconds", ylabel="probability of the largest face", ylim=(-0.02, 1.02))
    axes.grid(color=GREY, alpha=0.2)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    head = fitted(title, 10, _TITLE_PX, keep_end=True)
    figure.suptitle(head, x=0.01, ha="left", fontsize=10, parse_math=False)
    below = "\n".join(filter(None, [origin, notice]))
    axes.set_title(below, loc="left", color=ALERT if notice else GREY, fontsize=8, parse_math=False)
    missing = int(np.isnan(probabilities_NV[:, 0]).sum())
    if missing:
        axes.set_xlabel(f"seconds ({missing} of {len(seconds_N)} frames have no face)")
    return figure
