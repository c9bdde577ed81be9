"""The folder dataset: one folder per expression."""

import pytest

from errors import DataError, NoInputError
from pipeline.datasets.folder import read_folder
from pipeline.datasets.reader import LabelMapOptions
from store.records import Sample
from tests.basic7 import BASIC7, EXPRESSIONS
from validation import checked

FEAR = EXPRESSIONS.index("Fear")


def folders(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_folders_are_expressions(tmp_path):
    samples = read_folder(folders(tmp_path, "Happy/b.png", "fear/deep/a.JPG"), {}, BASIC7)
    assert list(samples) == [
        Sample("Happy/b.png", "Happy/b.png", EXPRESSIONS.index("Happiness")),
        Sample("fear/deep/a.JPG", "fear/deep/a.JPG", FEAR),
    ]


def test_split_folders_give_the_split(tmp_path):
    names = ("Train/fear/a.png", "validation/fear/b.png", "test/fear/c.png", "training/fear/d.png")
    splits = {
        sample.path: sample.split for sample in read_folder(folders(tmp_path, *names), {}, BASIC7)
    }
    assert splits == dict(zip(names, ("train", "val", "test", "train"), strict=True))


def test_other_files_are_passed_over(tmp_path):
    assert (
        list(
            read_folder(folders(tmp_path, "notes.txt", "fear/Thumbs.db", "NOTICE.txt"), {}, BASIC7)
        )
        == []
    )


@pytest.mark.parametrize("key", ["3", 3], ids=["text", "number"])
def test_a_label_map_names_what_folders_mean(tmp_path, key):
    options = checked(LabelMapOptions, {"label_map": {key: "fear"}}).model_dump(exclude_unset=True)
    (sample,) = read_folder(folders(tmp_path, "3/a.png"), options, BASIC7)
    assert sample.expression == FEAR


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.png", "no expression's folder"),
        ("train/a.png", "no expression's folder"),
        ("3/a.png", "Digits"),
        ("faer/a.png", "Did you mean 'fear'"),
    ],
)
def test_a_picture_in_no_expressions_folder_is_refused(tmp_path, name, message):
    with pytest.raises(DataError, match=message) as caught:
        list(read_folder(folders(tmp_path, name), {}, BASIC7))
    assert caught.value.exit_code == 65


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NoInputError, match="nowhere"):
        list(read_folder(tmp_path / "nowhere", {}, BASIC7))


def test_a_linked_folder_is_read(tmp_path):
    folders(tmp_path / "elsewhere", "fear/a.png")
    (tmp_path / "raw").symlink_to(tmp_path / "elsewhere")
    assert [sample.path for sample in read_folder(tmp_path / "raw", {}, BASIC7)] == ["fear/a.png"]


def test_all_unknown_folders_are_named_at_once_with_the_option(tmp_path):
    folders(tmp_path, "train/bored/a.jpg", "train/fear/b.jpg", "test/zornig/c.jpg")
    with pytest.raises(DataError, match=r'label_map: {"zornig": \.\.\., "bored": \.\.\.}'):
        list(read_folder(tmp_path, {}, BASIC7))


def test_null_leaves_a_folder_out_and_contempt_always_is(tmp_path):
    folders(tmp_path, "bored/a.jpg", "Contempt/b.jpg", "fear/c.jpg")
    left, other, taken = read_folder(tmp_path, {"label_map": {"bored": None}}, BASIC7)
    assert (left.reason, other.reason) == ("contempt", "'bored' is null in label_map")
    assert taken.path == "fear/c.jpg"


def test_a_folder_of_fer2013s_own_splits_is_a_split(tmp_path):
    found = read_folder(
        folders(tmp_path, "PublicTest/fear/a.jpg", "PrivateTest/fear/b.jpg"), {}, BASIC7
    )
    assert sorted((one.path[:3], one.split) for one in found) == [("Pri", "test"), ("Pub", "val")]


def test_a_split_of_another_name_is_no_class(tmp_path):
    folders(tmp_path, "eval/fear/a.jpg", "eval/sad/b.jpg", "train/fear/c.jpg")
    with pytest.raises(DataError, match="folders eval hold folders named as expressions"):
        list(read_folder(tmp_path, {}, BASIC7))


def test_angst_is_not_taken_for_angry(tmp_path):
    with pytest.raises(DataError) as caught:
        list(read_folder(folders(tmp_path, "angst/a.jpg"), {}, BASIC7))
    assert "Did you mean" not in str(caught.value)
