import pytest

from errors import DataError, NoInputError
from pipeline.datasets.affectnet_npy import read_affectnet_npy
from pipeline.datasets.landmark_lists import join_landmarks, read_landmark_list
from pipeline.datasets.raf_db import read_raf_db
from store.records import Sample
from tests.basic7 import BASIC7
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
    first, second, *_ = read_raf_db(tmp_path, options, BASIC7)
    assert first.landmarks[:2] == (0.5, 68.5)
    assert second.landmarks is None


def test_raf_db_may_lie_without_the_folder_basic(tmp_path):
    raf_db(tmp_path, kinds=["our_aligned"])
    names = [f"basic/Image/our_aligned/{name}" for name, _ in raf_names()]
    lines = "".join(f"{name},{POINTS}\n" for name in names)
    put(tmp_path, "folds/train/landmarks.txt", text=lines)
    found = list(read_raf_db(tmp_path, {"pictures": "our_aligned", "landmarks": "folds"}, BASIC7))
    assert all(one.landmarks for one in found)


def test_points_of_other_pictures_are_refused(tmp_path):
    raf_db(tmp_path / "basic", kinds=["original"])
    published_folds(tmp_path, "folds/")
    options = {"pictures": "original", "landmarks": "folds"}
    with pytest.raises(DataError, match=r"our_aligned/test_0001\.jpg.*original/train_00001\.jpg"):
        list(read_raf_db(tmp_path, options, BASIC7))


def test_affectnet_takes_published_points_instead_of_annotated_ones(tmp_path):
    affectnet_npy(tmp_path)
    put(tmp_path, "lists/train/landmarks.txt", text=f"train_set/images/0.jpg,{POINTS}\n")
    options = {"landmarks": "lists"}
    first, second, *_ = read_affectnet_npy(tmp_path, options, BASIC7)
    assert first.landmarks[:2] == (0.5, 68.5)
    assert second.landmarks[:2] == (3.0, 4.0)


def test_a_list_that_is_not_there_is_named(tmp_path):
    affectnet_npy(tmp_path)
    with pytest.raises(
        NoInputError, match=r"nowhere: is no file, and holds neither <split>/landmarks"
    ):
        list(read_affectnet_npy(tmp_path, {"landmarks": "nowhere"}, BASIC7))


def test_without_the_option_nothing_changes(tmp_path):
    listed = [Sample("a.jpg", "a.jpg", 0)]
    assert list(join_landmarks(iter(listed), tmp_path, None)) == listed


FILE = "".join(f"{number + 68}.5\t{number}.5\n" for number in range(68))


def test_a_file_per_picture_holds_y_and_x(tmp_path):
    affectnet_npy(tmp_path)
    put(tmp_path, "points/train_set/images/0.txt", text=FILE)
    first, second, *_ = read_affectnet_npy(tmp_path, {"landmarks": "points"}, BASIC7)
    assert first.landmarks[:4] == (0.5, 68.5, 1.5, 69.5)
    assert second.landmarks[:2] == (3.0, 4.0)


def test_a_file_may_lie_in_the_folder_itself_unless_two_pictures_have_its_name(tmp_path):
    put(tmp_path, "points/a.txt", text=FILE)
    listed = [Sample("train/a.jpg", "train/a.jpg", 0)]
    (found,) = join_landmarks(listed, tmp_path, "points")
    assert found.landmarks[:2] == (0.5, 68.5)
    listed.append(Sample("val/a.jpg", "val/a.jpg", 0))
    with pytest.raises(DataError, match=r"a\.txt: belongs to 'train/a\.jpg' and to 'val/a\.jpg'"):
        list(join_landmarks(listed, tmp_path, "points"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1\t2\n" * 67, r"a\.txt: has 67 points, and 68 are needed"),
        ("1\t2\n" * 67 + "3\n", r"a\.txt, line 68: needs y, a tab, and x"),
        ("1\tinf\n" * 68, r"a\.txt, line 1: needs y, a tab, and x"),
    ],
)
def test_a_file_of_another_shape_is_named(tmp_path, text, said):
    put(tmp_path, "points/a.txt", text=text)
    with pytest.raises(DataError, match=said):
        list(join_landmarks([Sample("a.jpg", "a.jpg", 0)], tmp_path, "points"))
