"""Which faces stand in a grid."""

import numpy as np

from report.figures.face_grids import choose_balanced


def test_faces_of_the_sheet_are_shared_out_over_the_classes():
    assert choose_balanced(np.array([0, 0, 0, 1, 1, 2]), 4) == [0, 1, 3, 5]
