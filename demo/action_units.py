"""What each action unit (AU) moves, and which of them make an expression.

Displacements are in eye distances at intensity 1, written for the viewer's left half of the face as
(outward from the midline, down); the other half is their mirror image. Indices are those of
portrait.py.
Source: Ekman, Friesen and Hager, Facial Action Coding System, 2002; amounts chosen by eye.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from demo.portrait import (
    CHEEK,
    CHEEKBONE,
    INNER_FOREHEAD,
    INNER_LID_CREASE,
    MIRROR,
    OUTER_FOREHEAD,
    OUTER_LID_CREASE,
)

Moves = Mapping[int, tuple[float, float]]

LIP_TIGHTENER = "23"
"""AU23 scales the lips instead of shifting them: see `tightened`."""

DISPLACEMENTS: Mapping[str, Moves] = {
    "1": {
        **{21: (0, -0.17), 20: (0, -0.14), 19: (0, -0.07), 18: (0, -0.01)},
        **{INNER_FOREHEAD: (0, -0.13), INNER_LID_CREASE: (0, -0.03)},
    },
    "2": {
        **{17: (0, -0.12), 18: (0, -0.16), 19: (0, -0.13), 20: (0, -0.05)},
        **{OUTER_FOREHEAD: (0, -0.12), OUTER_LID_CREASE: (0, -0.03)},
    },
    "4": {
        **{21: (-0.055, 0.12), 20: (-0.05, 0.115), 19: (-0.03, 0.085), 18: (-0.01, 0.05)},
        **{17: (0, 0.02), 27: (0, 0.02), INNER_FOREHEAD: (-0.03, 0.06)},
        **{INNER_LID_CREASE: (0, 0.045), OUTER_LID_CREASE: (0, 0.02)},
    },
    "5": {
        37: (0, -0.05),
        38: (0, -0.05),
        OUTER_LID_CREASE: (0, -0.025),
        INNER_LID_CREASE: (0, -0.025),
    },
    "6": {
        40: (0, -0.02),
        41: (0, -0.025),
        CHEEKBONE: (0.01, -0.06),
        CHEEK: (0.03, -0.05),
        17: (0, 0.02),
    },
    "7": {37: (0, 0.035), 38: (0, 0.035), 40: (0, -0.025), 41: (0, -0.025)},
    "9": {
        **{30: (0, -0.05), 31: (0.015, -0.07), 32: (0, -0.07), 33: (0, -0.06), 29: (0, -0.03)},
        **{21: (-0.02, 0.05), 20: (0, 0.04), 50: (0, -0.05), 51: (0, -0.04), 49: (0, -0.03)},
        **{CHEEKBONE: (0, -0.04), 40: (0, -0.015)},
    },
    "10": {
        **{49: (0.01, -0.06), 50: (0, -0.08), 51: (0, -0.07)},
        **{61: (0, -0.075), 62: (0, -0.065), CHEEK: (0, -0.02)},
    },
    "12": {
        **{48: (0.14, -0.11), 60: (0.14, -0.11), 49: (0.08, -0.055), 59: (0.10, -0.055)},
        **{50: (0.02, 0), 61: (0.05, -0.015), 67: (0.06, -0.015), 58: (0.03, 0)},
        **{CHEEK: (0.05, -0.06), CHEEKBONE: (0.01, -0.02), 3: (0.015, 0), 4: (0.02, -0.01)},
    },
    "15": {
        48: (0.02, 0.13),
        60: (0.02, 0.13),
        49: (0.01, 0.05),
        59: (0.02, 0.07),
        61: (0, 0.01),
        67: (0, 0.015),
    },
    "17": {
        **{57: (0, -0.055), 58: (0, -0.05), 59: (0, -0.01), 50: (0, -0.025), 51: (0, -0.025)},
        **{
            61: (0, -0.03),
            62: (0, -0.035),
            66: (0, -0.035),
            67: (0, -0.03),
            8: (0, -0.03),
            7: (0, -0.025),
        },
    },
    "20": {
        **{48: (0.15, 0.05), 60: (0.15, 0.05), 49: (0.09, 0.02), 59: (0.10, 0.035)},
        **{50: (0.02, 0), 58: (0.03, 0), 61: (0.06, 0), 67: (0.06, 0), 5: (0.02, 0), 4: (0.02, 0)},
    },
    "25": {
        **{61: (0, -0.03), 62: (0, -0.03), 50: (0, -0.015), 51: (0, -0.015)},
        **{
            66: (0, 0.085),
            67: (0, 0.075),
            57: (0, 0.075),
            58: (0, 0.07),
            59: (0, 0.035),
            8: (0, 0.03),
        },
    },
    "26": {
        **{66: (0, 0.42), 67: (0, 0.38), 57: (0, 0.42), 58: (0, 0.40), 59: (-0.02, 0.24)},
        **{48: (-0.05, 0.09), 60: (-0.05, 0.10), 49: (-0.03, 0.02), 8: (0, 0.27), 7: (0, 0.265)},
        **{6: (0, 0.23), 5: (0, 0.17), 4: (-0.01, 0.10), 3: (0, 0.04), CHEEK: (-0.02, 0.08)},
    },
    "lid droop": {
        37: (0, 0.12),
        38: (0, 0.11),
        OUTER_LID_CREASE: (0, 0.04),
        INNER_LID_CREASE: (0, 0.02),
    },
    LIP_TIGHTENER: {48: (-0.03, 0), 60: (-0.03, 0), 49: (-0.02, 0), 59: (-0.02, 0)},
}

RECIPES: tuple[Mapping[str, float], ...] = (
    {},
    {"6": 1, "12": 1, "25": 1},
    {"1": 1, "2": 1, "5": 1, "26": 1},
    {"1": 0.9, "2": 0.5, "4": 0.5, "5": 1, "20": 1, "25": 0.7, "26": 0.25},
    {"4": 1.15, "5": 0.35, "7": 0.8, "23": 1},
    {"9": 1, "10": 1, "15": 0.6, "4": 0.6, "7": 0.7, "17": 0.3},
    {"1": 1, "4": 0.6, "15": 1, "17": 0.7, "lid droop": 0.35},
)
"""AU -> mean intensity, by expression id (anatomy.expressions.EXPRESSIONS)."""

DISTRACTORS = ("1", "2", "4", "5", "6", "7", "9", "10", "12", "15", "17", "20", "23", "25")
"""AUs that may show weakly in any expression: a whole jaw drop would be another expression."""


def displacement(unit: str) -> NDArray[np.float64]:
    """Return what one action unit moves on both halves of the face, (98, 2) in eye distances."""
    moves = np.zeros((len(MIRROR), 2))
    for index, (outward, down) in DISPLACEMENTS[unit].items():
        moves[MIRROR[index]] = outward, down
        moves[index] = -outward, down
    return moves
