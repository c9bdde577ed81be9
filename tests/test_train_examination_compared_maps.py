import h5py
import numpy as np
import pytest

from errors import DataError, NoInputError
from store.tables import read_rows
from train.examination.compared_maps import MAP_MEASURES, auc, compare, cosine, nss

UPPER = np.array([1.0, 1, 0, 0])
LOWER = np.array([0.0, 0, 1, 1])


def test_equal_maps_agree_and_opposite_ones_do_not():
    assert (cosine(UPPER, UPPER), auc(UPPER, UPPER), nss(UPPER, UPPER)) == (
        pytest.approx(1),
        0.75,  # a place is also compared with those chosen, half of which tie
        1,
    )
    assert (cosine(LOWER, UPPER), auc(LOWER, UPPER), nss(LOWER, UPPER)) == (0, 0.25, -1)


def test_a_uniform_map_is_chance():
    assert auc(np.ones(4), UPPER) == 0.5
    assert nss(np.ones(4), UPPER) == 0


@pytest.mark.parametrize("name", MAP_MEASURES)
def test_a_map_of_people_that_is_empty_counts_nowhere(name):
    assert np.isnan(MAP_MEASURES[name](UPPER, np.zeros(4)))


@pytest.fixture
def result(tmp_path):
    """Three faces; the model looks at the upper half, and has no CAM of the last."""
    maps = np.zeros((3, 8, 8), np.uint8)
    maps[:, :4] = 255
    with h5py.File(tmp_path / "maps.h5", "w") as file:
        file["id"] = ["a", "b", "c"]
        for name in ("attention", "cam", "au"):
            file[name] = maps
        file["has_cam"] = np.array([1, 1, 0], np.uint8)
        file["has_attention"] = file["defined"] = np.ones(3, np.uint8)
    return tmp_path


def people(folder, ids, maps):
    np.savez(folder / "gaze.npz", id=np.array(ids), map=np.asarray(maps, np.float32))
    return folder / "gaze.npz"


def test_every_map_stands_above_its_floors(result):
    gaze = np.zeros((3, 16, 16))
    gaze[:, 2:6, 2:6] = 1
    lines = compare(result, people(result, ["c", "a", "nobody"], gaze), result / "table.csv")
    assert lines[0] == "2 of 3 maps are of faces that were scored"
    rows = {row["map"]: row for row in read_rows(result / "table.csv")}
    assert list(rows) == [
        *("attention", "attention of another face", "cam", "au"),
        *("uniform", "mean of the other maps"),
    ]
    assert rows["cam"]["faces"] == "1"
    assert rows["uniform"]["AUC"] == "0.500"
    assert float(rows["attention"]["AUC"]) > 0.7
    assert float(rows["attention"]["NSS"]) > 0.9


@pytest.mark.parametrize(
    ("ids", "maps", "message"),
    [
        (["x"], np.ones((1, 4, 4)), "none of its 1 ids"),
        (["a", "b"], np.ones((1, 4, 4)), "has 2 ids and maps of the shape"),
        (["a"], -np.ones((1, 4, 4)), "negative"),
    ],
)
def test_maps_of_other_faces_or_shapes_are_refused(result, ids, maps, message):
    with pytest.raises(DataError, match=message):
        compare(result, people(result, ids, maps), None)


def test_what_is_missing_is_named(result, tmp_path):
    with pytest.raises(NoInputError, match=r"gaze\.npz"):
        compare(result, tmp_path / "gaze.npz", None)
    np.savez(tmp_path / "other.npz", heat=np.ones(3))
    with pytest.raises(DataError, match="needs two arrays"):
        compare(result, tmp_path / "other.npz", None)
    with pytest.raises(NoInputError, match="save_maps"):
        compare(tmp_path / "nothing", people(tmp_path, ["a"], np.ones((1, 4, 4))), None)
