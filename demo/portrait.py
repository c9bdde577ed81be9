"""Where the features of the demo portrait are, and the eye frame in which every warp is written.

The portrait is `skimage.data.astronaut()` (NASA, public domain), 512 x 512 px.
Portrait px: (x, y), pixel centres at integers. Eye frame: origin midway between the eye centres, x
towards the viewer's right along the eyes, y down, unit = the distance of the eye centres (the mean
of six lid points each). P = 98 control points: 68 landmarks in iBUG order, then the extra ones
named below. "Left" is the viewer's left.
"""

import numpy as np
from numpy.typing import NDArray

from anatomy.landmarks import FLIP, POINTS, REGIONS
from demo.numbers import numbers

Points = NDArray[np.float64]

CHEEKBONE, CHEEK, INNER_FOREHEAD, OUTER_FOREHEAD = 68, 69, 70, 71
OUTER_LID_CREASE, INNER_LID_CREASE = 76, 77
ANCHORS = tuple(range(82, 98))
"""Indices of extra control points on the left; the right ones follow each group in that order."""

MIRROR = (*FLIP, 72, 73, 74, 75, 68, 69, 70, 71, 78, 79, 76, 77, 81, 80, *ANCHORS)
"""Control point i of a mirrored movement is point MIRROR[i]; anchors never move, so they stay."""

MOUTH = (*REGIONS["outer lip"], *REGIONS["inner lip"])


def portrait_to_eyes() -> Points:
    """Return the (2, 3) matrix from portrait px to the eye frame."""
    points = np.array(numbers()["landmarks_px"])
    left = points[list(REGIONS["left eye"])].mean(axis=0)
    right = points[list(REGIONS["right eye"])].mean(axis=0)
    along = right - left
    turn = np.array([[along[0], along[1]], [-along[1], along[0]]]) / (along @ along)
    shift = -turn @ ((left + right) / 2)
    return np.column_stack([turn, shift])


def moved(points_L2: Points, matrix_23: Points) -> Points:
    """Return points (..., 2) after an affine map."""
    result: Points = points_L2 @ matrix_23[:, :2].T + matrix_23[:, 2]
    return result


def smiling_points() -> Points:
    """Return the 98 control points of the portrait as it is, (98, 2) in the eye frame."""
    known = numbers()
    found = moved(np.array([*known["landmarks_px"], *known["irises_px"]]), portrait_to_eyes())
    mirror = np.array([-1.0, 1.0])
    extra, crease = (
        np.array([*known[name].values()]) for name in ("left_extra", "left_lid_crease")
    )
    return np.concatenate(
        [found[:POINTS], extra, extra * mirror, crease, crease * mirror, found[POINTS:], _anchors()]
    )


def resting_points() -> Points:
    """Return the 98 control points with the mouth at rest, (98, 2) in the eye frame."""
    points = smiling_points()
    for index, (x, y) in numbers()["resting_mouth"].items():
        points[index] = x, y
        points[FLIP[index]] = -x, y
    return points


def _anchors() -> Points:
    """Return points on a frame around head and collar, (16, 2), that hold the picture in place."""
    steps = np.arange(4) / 4
    sides = [(steps, 0 * steps), (1 + 0 * steps, steps), (1 - steps, 1 + 0 * steps)]
    sides.append((0 * steps, 1 - steps))
    unit = np.concatenate([np.column_stack(side) for side in sides])
    frame: Points = unit * np.array([4.8, 4.9]) + np.array([-2.4, -2.0])
    return frame
