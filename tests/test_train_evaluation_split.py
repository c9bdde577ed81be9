import numpy as np
import pytest

from errors import DataError
from store.reading import Store
from tests.basic7 import BASIC7
from train.evaluation.split import SplitReader, split_faces


def test_a_split_holds_its_usable_faces_and_counts_all(tiny):
    faces = split_faces(Store(tiny.faces), "test", None)
    assert (len(faces.rows_N), faces.total) == (7, 7)
    assert set(faces.table["split"]) == {"test"}
    assert len(split_faces(Store(tiny.faces), "all", None).rows_N) == 42


def test_a_split_without_a_face_is_refused(tiny):
    with pytest.raises(DataError, match="no usable face in split valid"):
        split_faces(Store(tiny.faces), "valid", None)


def test_a_subset_has_the_chosen_faces_in_their_order(tiny):
    store = Store(tiny.faces)
    whole = SplitReader(store, Store(tiny.landmarks), split_faces(store, "all", None))
    part = whole.subset(np.array([5, 2]))
    assert part.faces.rows_N.tolist() == [5, 2]
    assert part.faces.labels_N.tolist() == [5, 2]
    assert part.faces.table["id"].to_list() == ["Disgust-0", "Surprise-0"]


def test_faces_of_classes_that_a_model_does_not_know_are_counted_and_left_out(tiny):
    fewer = BASIC7.keeping(BASIC7.classes[1:6])
    faces = split_faces(Store(tiny.faces), "test", None, fewer)
    assert faces.labels_N.tolist() == [0, 1, 2, 3, 4]
    assert faces.classes == fewer.names
    assert (faces.total, faces.others) == (7, {"Neutral": 1, "Sadness": 1})


def test_shares_are_of_the_classes_that_a_model_knows_in_its_order(voted):
    fewer = BASIC7.keeping(BASIC7.classes[1:6])
    faces = split_faces(Store(voted.faces), "train", None, fewer)
    known = faces.rows_N % 5 != 0
    rest = np.where(faces.labels_N == 4, 0.75, 1)  # a quarter of the last one's are Sadness's
    np.testing.assert_allclose(faces.annotated_NV[known].sum(axis=1), rest[known])
    assert np.isnan(faces.annotated_NV[~known]).all()
    assert split_faces(Store(voted.faces), "test", None).annotated_NV.shape == (7, 7)


def test_faces_without_shares_have_none(tiny):
    assert split_faces(Store(tiny.faces), "test", None).annotated_NV is None


def test_a_subset_has_the_shares_of_its_faces(voted):
    store = Store(voted.faces)
    whole = SplitReader(store, Store(voted.landmarks), split_faces(store, "all", None))
    part = whole.subset(np.array([6, 2]))
    assert part.faces.annotated_NV[:, [2, 6]].tolist() == [[0, 0.75], [0.75, 0]]
