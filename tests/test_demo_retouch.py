"""The portrait made ready for warping."""

from demo import retouch
from demo.portrait import resting_points


def test_the_cut_out_keeps_the_face_and_drops_the_corners():
    alpha = retouch.neutral_face()[..., 3]
    columns, rows = (resting_points()[27:36] - retouch.ORIGIN).T * retouch.UNIT_PX
    assert (alpha[rows.astype(int), columns.astype(int)] == 255).all()
    assert alpha[:40, :40].max() == 0
