"""Where the camera stands: the affine map from the eye frame to a picture."""

import numpy as np
from numpy.typing import NDArray

from demo.portrait import moved

Points = NDArray[np.float64]

_UNIT = 0.282  # eye distance as a fraction of the picture's side: the face fills 60 % of its width
_MARGIN = 0.035
_MIDDLE_Y = 0.55  # a face below the middle leaves room for the forehead, which has no landmarks


def placed(landmarks_L2: Points, side_px: int, rng: np.random.Generator) -> Points:
    """Draw rotation (+-12 degrees), scale (+-8 %), aspect (+-5 %), mirror and place.

    The face stays inside.

    Args:
        landmarks_L2: (68, 2), eye frame.
        side_px: side of the square picture.
        rng: advanced.

    Returns:
        (2, 3) matrix from the eye frame to px; its determinant is negative for a mirrored picture.
    """
    angle = np.deg2rad(rng.uniform(-12, 12))
    scale = _UNIT * side_px * rng.uniform(0.92, 1.08)
    stretch = np.sqrt(1 + rng.uniform(-0.05, 0.05))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    jitter = rng.uniform(-0.05, 0.05, 2) * side_px
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([scale * stretch * mirror, scale / stretch])
    seen = landmarks_L2 @ linear.T
    low, high = seen.min(axis=0), seen.max(axis=0)
    wanted = np.array([0.5, _MIDDLE_Y]) * side_px + jitter - (low + high) / 2
    border = _MARGIN * side_px
    shift = np.clip(wanted, border - low, side_px - 1 - border - high)
    return np.column_stack([linear, shift])


def inverse(matrix_23: Points) -> Points:
    """Return the (2, 3) matrix that undoes an affine map."""
    linear = np.linalg.inv(matrix_23[:, :2])
    return np.column_stack([linear, moved(-matrix_23[:, 2], np.column_stack([linear, [0.0, 0.0]]))])
