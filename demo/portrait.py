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

Points = NDArray[np.float64]

# found once by dlib on a fourfold enlargement; brows, eye corners and mouth corners then set by
# hand
_LANDMARKS_PX = (
    *(
        (179.1, 103.6),
        (179.6, 115.4),
        (180.6, 126.6),
        (181.6, 138.1),
        (184.4, 149.6),
        (190.6, 159.9),
    ),
    *(
        (199.4, 168.4),
        (208.9, 175.6),
        (220.1, 178.4),
        (231.9, 176.9),
        (242.9, 171.1),
        (252.9, 163.4),
    ),
    *((260.1, 153.9), (264.6, 143.1), (267.4, 131.4), (269.9, 119.9), (271.6, 107.9)),
    *((187.8, 90.6), (192.4, 88.2), (198.6, 87.2), (206.0, 88.8), (213.8, 91.4)),
    *((236.8, 92.4), (243.6, 91.4), (251.0, 90.9), (258.4, 92.3), (263.8, 95.8)),
    *((225.6, 102.1), (225.4, 110.6), (225.1, 118.9), (224.9, 127.1)),
    *((214.1, 131.1), (219.1, 132.4), (224.1, 134.1), (229.4, 132.9), (234.4, 131.6)),
    *((193.9, 101.1), (199.4, 97.7), (206.6, 98.0), (212.9, 103.4), (206.8, 104.3), (199.8, 103.8)),
    *(
        (235.8, 104.8),
        (242.6, 99.9),
        (250.0, 100.0),
        (256.9, 103.8),
        (250.4, 106.3),
        (243.4, 106.2),
    ),
    *(
        (201.8, 139.2),
        (209.1, 139.4),
        (217.4, 139.6),
        (223.1, 140.9),
        (229.1, 139.9),
        (237.1, 140.1),
    ),
    *(
        (244.9, 140.3),
        (237.1, 150.9),
        (228.6, 155.1),
        (222.1, 155.6),
        (215.9, 154.6),
        (207.6, 149.9),
    ),
    *((203.2, 140.2), (217.1, 143.1), (222.9, 144.1), (229.1, 143.5)),
    *((243.4, 141.0), (228.9, 149.8), (222.4, 150.4), (216.6, 149.5)),
)
_IRISES_PX = ((202.4, 101.0), (246.0, 103.2))

# half a mouth at rest, eye frame: the portrait smiles, so this cannot be read off it
_RESTING_MOUTH = {
    48: (-0.43, 1.005),
    49: (-0.26, 0.945),
    50: (-0.09, 0.905),
    51: (0.0, 0.92),
    57: (0.0, 1.14),
    58: (-0.11, 1.13),
    59: (-0.27, 1.085),
    60: (-0.39, 1.005),
    61: (-0.14, 0.994),
    62: (0.0, 0.998),
    66: (0.0, 1.018),
    67: (-0.14, 1.014),
}

# cheekbone, cheek, forehead above the inner and the outer brow; then two points of the upper lid's
# crease
_LEFT_EXTRA = ((-0.55, 0.36), (-0.68, 0.85), (-0.24, -0.58), (-0.68, -0.56))
_LEFT_LID_CREASE = ((-0.58, -0.155), (-0.40, -0.135))

CHEEKBONE, CHEEK, INNER_FOREHEAD, OUTER_FOREHEAD = 68, 69, 70, 71
OUTER_LID_CREASE, INNER_LID_CREASE = 76, 77
IRISES = (80, 81)
ANCHORS = tuple(range(82, 98))
"""Indices of extra control points on the left; the right ones follow each group in that order."""

MIRROR = (*FLIP, 72, 73, 74, 75, 68, 69, 70, 71, 78, 79, 76, 77, 81, 80, *ANCHORS)
"""Control point i of a mirrored movement is point MIRROR[i]; anchors never move, so they stay."""

MOUTH = (*REGIONS["outer lip"], *REGIONS["inner lip"])

SMILE_FOLDS_PX = (
    ((208.0, 125.0), (202.5, 130.0), (198.0, 134.5), (196.4, 139.0)),
    ((239.5, 127.5), (244.5, 131.0), (249.0, 135.0), (251.0, 140.0), (250.6, 143.0)),
)
"""The nasolabial folds of the smile, portrait px."""

OUTLINE_PX = (
    *((153, 70), (154, 63), (158, 56), (165, 49), (175, 42), (186, 36.5), (190, 32), (196, 27)),
    *((206, 21.5), (216, 19), (226, 16), (233, 15.5), (242, 16.5), (250, 19), (258, 22.5)),
    *((266, 26.5), (275, 31), (283, 38), (289, 46), (294, 55), (297, 63), (299, 74), (301, 86)),
    *((300, 95), (298, 102), (293, 111), (286, 119), (281, 124), (279, 130), (273, 136)),
    *((268, 136), (266.5, 141), (263, 152), (258, 161), (255, 172.5), (262, 176), (272, 183)),
    *((281, 193), (290, 206), (298, 222), (304, 236), (318, 241), (335, 252), (345, 270)),
    *((345, 300), (60, 300), (60, 260), (75, 235), (95, 215), (108, 206), (112, 198)),
    *((113, 186), (118, 185), (123, 181), (127, 172), (135, 161), (147, 153), (160, 149)),
    *((175, 147.5), (184, 149), (183, 143), (182, 137), (181, 131.5), (176, 131), (171, 122)),
    *((165, 117), (160, 110), (155, 100), (154, 90), (153, 80)),
)
"""Head, neck and suit against the backdrop, portrait px, traced by hand to about 2 px."""


def portrait_to_eyes() -> Points:
    """Return the (2, 3) matrix from portrait px to the eye frame."""
    points = np.array(_LANDMARKS_PX)
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
    found = moved(np.array(_LANDMARKS_PX + _IRISES_PX), portrait_to_eyes())
    mirror = np.array([-1.0, 1.0])
    extra, crease = np.array(_LEFT_EXTRA), np.array(_LEFT_LID_CREASE)
    return np.concatenate(
        [found[:POINTS], extra, extra * mirror, crease, crease * mirror, found[POINTS:], _anchors()]
    )


def resting_points() -> Points:
    """Return the 98 control points with the mouth at rest, (98, 2) in the eye frame."""
    points = smiling_points()
    for index, (x, y) in _RESTING_MOUTH.items():
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
