"""The 68 points of a face in iBUG order, by region, and what a mirror does to them.

"Left" is the viewer's left. Points are (x, y) in pixels, x to the right, y down.
Source: Sagonas et al., 300 Faces in-the-Wild (iBUG), 2016.
"""

import numpy as np
from numpy.typing import NDArray

POINTS = 68

REGIONS = {
    "jaw": tuple(range(17)),
    "left brow": tuple(range(17, 22)),
    "right brow": tuple(range(22, 27)),
    "nose": tuple(range(27, 36)),
    "left eye": tuple(range(36, 42)),
    "right eye": tuple(range(42, 48)),
    "outer lip": tuple(range(48, 60)),
    "inner lip": tuple(range(60, 68)),
}
"""Region -> its points, in drawing order."""

INNER_POINTS = tuple(range(17, 68))
"""Every point but the jaw: 51 of them."""

FLIP = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *(27, 28, 29, 30, 35, 34, 33, 32, 31),
    *(45, 44, 43, 42, 47, 46),
    *(39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
)
"""Point i of a mirrored face is point FLIP[i] of the original."""

LEFT_EYE_CORNER, RIGHT_EYE_CORNER = 36, 45


def mirror_points(points_L2: NDArray[np.floating], width_px: float) -> NDArray[np.floating]:
    """Return the points of the horizontally mirrored picture, in iBUG order again.

    Args:
        points_L2: (..., 68, 2), pixel centres at integers.
        width_px: width of the picture.
    """
    flipped = points_L2[..., FLIP, :].copy()
    flipped[..., 0] = width_px - 1 - flipped[..., 0]
    return flipped


def rescale_points(
    points_L2: NDArray[np.floating], from_px: int, to_px: int
) -> NDArray[np.floating]:
    """Return points of a picture `from_px` wide, once it is resized to `to_px`.

    With half-pixel centres: (0, 0) is the middle of the first pixel.
    """
    return (points_L2 + 0.5) * (to_px / from_px) - 0.5


def five_landmarks(points_L2: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return (5, 2): left eye, right eye, nose tip, left and right corner of the mouth."""
    eyes = [points_L2[list(REGIONS[eye])].mean(axis=0) for eye in ("left eye", "right eye")]
    return np.stack([*eyes, points_L2[30], points_L2[48], points_L2[54]])


def eye_distance(points_L2: NDArray[np.floating]) -> float:
    """Return the distance of the outer eye corners in px: the unit of the normalised mean error."""
    return float(np.linalg.norm(points_L2[RIGHT_EYE_CORNER] - points_L2[LEFT_EYE_CORNER]))


def normalized_mean_error(found_L2: NDArray[np.floating], true_L2: NDArray[np.floating]) -> float:
    """Return the mean distance of paired points, as a fraction of the true outer eye distance."""
    distance = eye_distance(true_L2)
    if distance == 0:
        return float("inf")
    return float(np.linalg.norm(found_L2 - true_L2, axis=-1).mean() / distance)
