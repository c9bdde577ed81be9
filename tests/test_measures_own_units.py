import numpy as np
import pytest

from benchmarks.made_faces import made_faces
from measures.bootstrap import compared_scores, intervals
from measures.own_units import own_unit_scores


def coded(**changes):
    """Four faces of two expressions; the last one is coded, and nothing acts on it."""
    nothing = [np.nan, np.nan]
    return made_faces(
        [1, 1, 2, 2],
        own_coded_N=np.array([True] * 4),
        own_cosines_NM=np.array([[0.8, 0.6], [0.6, 0.4], [0.5, 0.3], nothing], np.float32),
        own_selectivity_NM=np.array([[0.2, 0.1], [0.0, 0.1], nothing, nothing], np.float32),
        own_baselines_NK=np.array([*[[0.4, 0.6, 0.9]] * 3, [np.nan] * 3], np.float32),
        own_levels_NK=np.array([[0.01, 0.3], [-0.01, 0.1], nothing, nothing], np.float32),
        **changes,
    )


def test_each_average_counts_the_faces_that_have_it():
    found = own_unit_scores(coded())
    assert (found.coded, found.n) == (4, 4)
    assert found.attention.per_class["Happiness"] == pytest.approx(0.7)
    assert found.attention.overall == pytest.approx((0.7 + 0.5) / 2)
    assert (found.attention.n_valid, found.attention.n) == (3, 4)
    assert found.attention.selectivity.overall == pytest.approx(0.1)
    assert found.attention.selectivity.n_valid == 2
    assert found.cam_cos.overall == pytest.approx((0.5 + 0.3) / 2)
    assert found.baselines.stencil.overall == pytest.approx(0.9)
    assert found.stencil_selectivity.overall == pytest.approx(0)
    assert found.limit.overall == pytest.approx(0.2)
    assert list(found.baselines.titled()) == ["uniform", "all AUs", "stencil of the class"]


def test_faces_that_nobody_coded_have_no_such_scores():
    assert own_unit_scores(made_faces([1, 2])) is None


def test_they_have_intervals_only_where_faces_count():
    def found(faces):
        return intervals(compared_scores(faces), faces.labels_N, faces.persons_N.tolist(), 200, 0)

    low, high = found(coded()).own_att_cos
    assert 0.5 < low < high < 0.8
    assert found(made_faces([1, 2])).own_att_cos is None
