import numpy as np
import pytest

from benchmarks.made_faces import made_faces
from measures.pixel_curves import average_faithfulness

LABELS = np.array([1, 1, 2, 2])
AREAS = np.zeros((4, 3, 2), np.float32)
AREAS[:, 0] = [0.25, 0.75]  # cam: deletion, insertion
AREAS[:, 1] = np.nan  # there is no attention
AREAS[:, 2] = [0.5, 0.5]


def averaged(areas, resamples=(20, 0)):
    return average_faithfulness(made_faces(LABELS, faithfulness_NOC=areas), 8, resamples)


def test_faces_on_which_nothing_was_measured_do_not_count():
    assert averaged(np.full_like(AREAS, np.nan)) is None
    half = AREAS.copy()
    half[1:3] = np.nan
    found = averaged(half)
    assert (found.steps, found.faces) == (8, 2)
    assert found.cam.deletion.n_valid == 2


def test_a_gain_is_how_much_better_than_at_random_on_the_same_faces():
    found = averaged(AREAS)
    assert found.cam.deletion.overall == 0.25
    assert found.cam.deletion_gain.value == pytest.approx(0.25)
    assert found.cam.insertion_gain.value == pytest.approx(0.25)
    assert found.cam.deletion_gain.interval == pytest.approx((0.25, 0.25))
    assert found.random.deletion_gain.value == 0


def test_an_order_without_a_map_is_empty():
    found = averaged(AREAS)
    assert found.attention.deletion.overall is None
    assert found.attention.deletion_gain.value is None
    assert found.attention.deletion_gain.interval is None
    assert averaged(AREAS, (0, 0)).cam.deletion_gain.interval is None
