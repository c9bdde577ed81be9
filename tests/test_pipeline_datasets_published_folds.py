import pytest

from errors import DataError, NoInputError, UsageError
from pipeline.datasets.published_folds import PUBLISHED_FOLDS, read_published_folds
from tests.basic7 import BASIC7
from tests.miniatures import published_folds, put

FIRST = "basic/Image/our_aligned/train_00001.jpg"


def read(root, **options):
    return list(read_published_folds(root, options, BASIC7))


def test_ids_are_mapped_by_the_names_that_stand_beside_them(tmp_path):
    published_folds(tmp_path)
    turned = "Sadness: 0\nDisgust: 1\nAnger: 2\nFear: 3\nSurprise: 4\nHappiness: 5\nNeutral: 6\n"
    put(tmp_path, "class_id.yaml", text=turned)
    assert [one.expression for one in read(tmp_path)[:7]] == [6, 5, 4, 3, 2, 1, 0]


def test_val_that_is_test_is_left_out_and_said(tmp_path):
    published_folds(tmp_path)
    assert [one.split for one in read(tmp_path)] == ["train"] * 7 + ["test"] * 7
    assert (
        "the published val split is the test split"
        in PUBLISHED_FOLDS.remarks(tmp_path, {}, BASIC7)[0]
    )


def test_a_val_of_its_own_stays(tmp_path):
    published_folds(tmp_path)
    lines = (tmp_path / "train/class_labels.txt").read_text().splitlines(keepends=True)
    put(tmp_path, "val/class_labels.txt", text=lines[0])
    put(tmp_path, "train/class_labels.txt", text="".join(lines[1:]))
    assert [one.split for one in read(tmp_path)] == ["train"] * 6 + ["val"] + ["test"] * 7
    assert PUBLISHED_FOLDS.remarks(tmp_path, {}, BASIC7) == []


def test_landmarks_come_as_pairs_and_failures_as_none(tmp_path):
    published_folds(tmp_path, missing=["train_00002.jpg"])
    first, second, *_ = read(tmp_path)
    assert first.path == FIRST
    assert first.landmarks[:4] == (0.5, 68.5, 1.5, 69.5)
    assert second.landmarks is None


def test_folds_without_landmarks_are_read(tmp_path):
    published_folds(tmp_path)
    for split in ("train", "val", "test"):
        (tmp_path / split / "landmarks.txt").unlink()
    assert {one.landmarks for one in read(tmp_path)} == {None}


def test_the_lists_may_lie_deeper(tmp_path):
    published_folds(tmp_path, "folds/wsol-done-right-splits/RAF-DB/")
    assert len(read(tmp_path)) == 14


def test_of_several_lists_one_must_be_named(tmp_path):
    published_folds(tmp_path, "folds/RAF-DB/")
    published_folds(tmp_path, "folds/AffectNet/")
    with pytest.raises(UsageError, match="folds/AffectNet, folds/RAF-DB"):
        read(tmp_path)
    assert len(read(tmp_path, folds="folds/RAF-DB")) == 14


def test_a_folder_without_lists_is_named(tmp_path):
    with pytest.raises(NoInputError, match=r"no class_id\.yaml beside train/class_labels\.txt"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{FIRST}\n", "needs a picture's path, a comma"),
        (f"{FIRST},seven\n", "needs a whole number"),
        (f"{FIRST},9\n", r"class 9 is not in class_id\.yaml"),
        ("../x.jpg,1\n", "does not stay inside"),
    ],
)
def test_a_line_of_another_shape_is_named(tmp_path, text, message):
    published_folds(tmp_path)
    put(tmp_path, "train/class_labels.txt", text=text)
    with pytest.raises(DataError, match=rf"class_labels\.txt, line 1.*{message}"):
        read(tmp_path)


@pytest.mark.parametrize("text", ["[1, 2]", "Neutral: zero", "Neutral: [0"])
def test_class_ids_that_are_none_are_refused(tmp_path, text):
    published_folds(tmp_path)
    put(tmp_path, "class_id.yaml", text=text)
    with pytest.raises(DataError, match=r"class_id\.yaml"):
        read(tmp_path)
