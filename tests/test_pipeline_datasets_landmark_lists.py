import pytest

from errors import DataError, NoInputError
from pipeline.datasets.affectnet_npy import read_affectnet_npy
from pipeline.datasets.landmark_lists import join_landmarks, read_landmark_list
from pipeline.datasets.raf_db import read_raf_db
from store.records import Sample
from tests.miniatures import affectnet_npy, points_line, published_folds, put, raf_db, raf_names

POINTS = points_line("a.jpg", ())


def test_x_and_y_of_a_line_become_pairs(tmp_path):
    put(tmp_path, "landmarks.txt", text=f"a,b.jpg,{POINTS}\n")
    found = read_landmark_list(tmp_path / "landmarks.txt")
    assert found["a,b.jpg"][:4] == (0.5, 68.5, 1.5, 69.5)


@pytest.mark.parametrize(
    "line", ["a.jpg,1,2", f"a.jpg,{POINTS[:-6]},inf", "a.jpg," + ",".join(["x"] * 136), "a.jpg"]
)
def test_a_line_of_another_shape_is_named(tmp_path, line):
    put(tmp_path, "landmarks.txt", text=f"b.jpg,{POINTS}\n{line}\n")
    with pytest.raises(DataError, match=r"landmarks\.txt, line 2: needs the picture's path"):
        read_landmark_list(tmp_path / "landmarks.txt")


def test_raf_db_takes_the_points_of_the_crops_they_were_found_on(tmp_path):
    raf_db(tmp_path / "basic", kinds=["our_aligned"])
    published_folds(tmp_path, "folds/", missing=["train_00002.jpg"])
    options = {"pictures": "our_aligned", "landmarks": "folds"}
    first, second, *_ = read_raf_db(tmp_path, options)
    assert first.landmarks[:2] == (0.5, 68.5)
    assert second.landmarks is None


def test_raf_db_may_lie_without_the_folder_basic(tmp_path):
    raf_db(tmp_path, kinds=["our_aligned"])
    names = [f"basic/Image/our_aligned/{name}" for name, _ in raf_names()]
    lines = "".join(f"{name},{POINTS}\n" for name in names)
    put(tmp_path, "folds/train/landmarks.txt", text=lines)
    found = list(read_raf_db(tmp_path, {"pictures": "our_aligned", "landmarks": "folds"}))
    assert all(one.landmarks for one in found)


def test_points_of_other_pictures_are_refused(tmp_path):
    raf_db(tmp_path / "basic", kinds=["original"])
    published_folds(tmp_path, "folds/")
    options = {"pictures": "original", "landmarks": "folds"}
    with pytest.raises(DataError, match=r"our_aligned/test_0001\.jpg.*original/train_00001\.jpg"):
        list(read_raf_db(tmp_path, options))


def test_affectnet_takes_published_points_instead_of_annotated_ones(tmp_path):
    affectnet_npy(tmp_path)
    put(tmp_path, "lists/train/landmarks.txt", text=f"train_set/images/0.jpg,{POINTS}\n")
    options = {"landmarks": "lists"}
    first, second, *_ = read_affectnet_npy(tmp_path, options)
    assert first.landmarks[:2] == (0.5, 68.5)
    assert second.landmarks[:2] == (3.0, 4.0)


def test_a_list_that_is_not_there_is_named(tmp_path):
    affectnet_npy(tmp_path)
    with pytest.raises(NoInputError, match=r"nowhere: is no file, and holds no <split>/landmarks"):
        list(read_affectnet_npy(tmp_path, {"landmarks": "nowhere"}))


def test_without_the_option_nothing_changes(tmp_path):
    listed = [Sample("a.jpg", "a.jpg", 0)]
    assert list(join_landmarks(iter(listed), tmp_path, None)) == listed
