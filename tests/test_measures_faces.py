import numpy as np
import pytest

from benchmarks.made_faces import made_faces
from measures.faces import concatenate_faces, read_face_scores
from store.files import write_npz


def test_faces_are_read_as_they_were_written(tmp_path):
    faces = made_faces([0, 1, 2], attributes={"age": np.array(["young", "", "old"])})
    write_npz(tmp_path / "faces.npz", faces.as_arrays())
    found = read_face_scores(tmp_path / "faces.npz")
    assert found.as_arrays().keys() == faces.as_arrays().keys()
    for key, one in faces.as_arrays().items():
        np.testing.assert_array_equal(found.as_arrays()[key], one)  # NaN equals NaN


def test_a_file_without_an_array_names_it(tmp_path):
    arrays = made_faces([0]).as_arrays()
    del arrays["labels_N"]
    write_npz(tmp_path / "faces.npz", arrays)
    with pytest.raises(KeyError, match="labels_N"):
        read_face_scores(tmp_path / "faces.npz")


def test_faces_together_keep_their_order_and_what_all_know():
    parts = [
        made_faces([0, 1], attributes={"age": np.array(["1", "2"])}),
        made_faces([2], attributes={"age": np.array(["thirty"]), "eyes": np.array(["brown"])}),
    ]
    found = concatenate_faces(parts)
    assert found.labels_N.tolist() == [0, 1, 2]
    assert {name: one.tolist() for name, one in found.attributes.items()} == {
        "age": ["1", "2", "thirty"]
    }
