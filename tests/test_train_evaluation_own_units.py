"""Action units coded on each face, and those of another face of its expression."""

import numpy as np
import pytest

from anatomy.au_coding import region_units
from store.reading import Store
from tests.basic7 import book7
from train.evaluation.own_units import OwnUnits, other_of_class, read_own_units
from train.params import OwnUnitParams

PARAMS = OwnUnitParams(least=0.1, seed=0)
CORNERS = region_units(book7()).index(12)


def test_every_face_gets_another_one_of_its_expression_each_once():
    labels = np.repeat([1, 2, 3], [6, 3, 1])
    acting = np.ones(10, bool)
    acting[2] = False
    other = other_of_class(labels, acting, np.random.default_rng(0))
    assert (other != np.arange(10)).all()
    assert other[[2, 9]].tolist() == [-1, -1]
    taken = other[other >= 0]
    assert sorted(taken) == [0, 1, 3, 4, 5, 6, 7, 8]
    assert (labels[taken] == labels[other >= 0]).all()


def test_the_seed_decides_which(tiny):
    labels, acting = np.zeros(50, int), np.ones(50, bool)
    one, again, other = (
        other_of_class(labels, acting, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def coded_store(make_store, folder, intensities):
    count = len(intensities)
    table = [
        {"id": str(row), "expression": "Fear", "split": "test", "status": "ok"}
        for row in range(count)
    ]
    arrays = {
        "points": np.zeros((count, 68, 2), np.int16),
        "valid": np.ones(count, np.uint8),
        "au_intensity": np.array(intensities, np.float32),
    }
    return Store(make_store(folder / "points", arrays, {"size_px": 32, "units": [12, 4]}, table))


def test_weights_are_of_the_regions_and_of_another_face(make_store, tmp_path):
    store = coded_store(
        make_store, tmp_path, [[0.5, 0], [1, 0], [np.nan, np.nan], [0, 0.05], [0.8, 0]]
    )
    rows = np.array([0, 1, 2, 3])
    found = read_own_units(store, rows, np.array([3, 3, 3, 3]), book7(), PARAMS)
    assert found.own_NR[:, CORNERS].tolist() == [0.5, 1, 0, 0]
    assert found.other_NR[:, CORNERS].tolist() == [1, 0.5, 0, 0]
    assert found.coded_N.tolist() == [True, True, False, True]
    assert found.pairs().shape == (4, 2, found.own_NR.shape[1])
    assert found.take(np.array([1])).own_NR[0, CORNERS] == 1


@pytest.mark.parametrize("coded", [False, True])
def test_without_coding_there_is_nothing(tiny, make_store, tmp_path, coded):
    bare = Store(tiny.landmarks)
    store = coded_store(make_store, tmp_path, [[np.nan] * 2] * 2) if coded else bare
    assert read_own_units(store, np.arange(2), np.array([1, 1]), book7(), PARAMS) is None


def test_a_slice_is_a_batch():
    whole = OwnUnits(np.eye(3, dtype=np.float32), np.zeros((3, 3), np.float32), np.ones(3, bool))
    assert whole.take(slice(1, 5)).own_NR.shape == (2, 3)
