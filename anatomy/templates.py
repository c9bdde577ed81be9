"""Where eyes, nose and mouth corners of an upright face come to lie in its crop.

Positions are shares of the crop's side, its edges at 0 and 1: the eye on the viewer's left, the
other one, the tip of the nose, the left and the right corner of the mouth, each (x, y).
"""

import numpy as np
from numpy.typing import NDArray


def _shares(side_px: int, *points: tuple[float, float]) -> NDArray[np.float64]:
    """Turn px, whose centres are whole numbers, into shares of the side."""
    return (np.array(points) + 0.5) / side_px


TEMPLATES: dict[str, NDArray[np.float64]] = {
    "aulens": _shares(
        256, (91.0, 112.0), (165.0, 112.0), (128.0, 152.7), (95.6, 194.1), (160.4, 194.1)
    ),
    "arcface_112": _shares(
        112,
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    ),
}
"""Name -> five points (5, 2).

`aulens` is RAF-DB's own framing within 1 %. `arcface_112` is tighter: the crops of ArcFace,
InsightFace and face.evoLVe, which the published systems on RAF-DB use; scaled for other sizes.
"""
