"""SFEW, MMA and the open set: their layouts, and what they leave out."""

from collections import Counter

import pytest

from anatomy.expressions import EXPRESSIONS
from errors import DataError, NoInputError
from pipeline.datasets import DATASETS
from pipeline.datasets.mma import read_mma
from pipeline.datasets.open_expressions import read_open_expressions
from pipeline.datasets.reader import LeftOut
from pipeline.datasets.sfew import read_sfew
from store.records import Sample
from tests.miniatures import MINIATURES, mma, open_expressions, put, sfew, sfew_table

ALPHABETICAL = ["Anger", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise"]


def words(found):
    return [EXPRESSIONS[one.expression] for one in found if isinstance(one, Sample)]


@pytest.mark.parametrize("name", MINIATURES)
def test_every_sample_of_a_miniature_is_a_file_in_it(tmp_path, name):
    root = MINIATURES[name](tmp_path)
    found = [one for one in DATASETS[name].read(root, {}) if isinstance(one, Sample)]
    missing = [one.path for one in found if not (root / one.path).is_file()]
    assert found
    assert missing == []


@pytest.mark.parametrize("name", MINIATURES)
def test_a_reader_gives_the_same_twice(tmp_path, name):
    root = MINIATURES[name](tmp_path)
    assert list(DATASETS[name].read(root, {})) == list(DATASETS[name].read(root, {}))


@pytest.mark.parametrize(
    ("train", "val"),
    [
        ("Train_Aligned_Faces", "Val_Aligned_Faces_new"),
        ("Train_Aligned_Faces", "Val_Aligned_Faces"),
        ("Train/Train_Aligned_Faces", "Val/Val_Aligned_Faces"),
        ("Train_Aligned_Faces/Train_Aligned_Faces", "Val_Aligned_Faces_new/Val_Aligned_Faces"),
    ],
)
def test_sfew_is_read_wherever_its_zips_were_unpacked(tmp_path, train, val):
    found = list(read_sfew(sfew(tmp_path, train, val), {}))
    assert words(found) == ALPHABETICAL * 2
    assert Counter(one.split for one in found) == {"train": 7, "val": 7, "test": 2}


def test_sfews_test_set_has_no_labels(tmp_path):
    left = [one for one in read_sfew(sfew(tmp_path), {}) if isinstance(one, LeftOut)]
    assert left[0] == LeftOut("Test_Aligned_Faces/0.png", "label withheld", "test")


def test_of_two_copies_of_sfews_validation_the_new_one_is_taken(tmp_path):
    put(sfew(tmp_path), "Val_Aligned_Faces/Happy/old.png")
    found = list(read_sfew(tmp_path, {}))
    assert LeftOut("Val_Aligned_Faces/Happy/old.png", "another copy", "val") in found
    assert words(found) == ALPHABETICAL * 2


@pytest.mark.parametrize("name", ["Train_Aligned_Faces", "Val_Aligned_Faces_new"])
def test_a_split_of_sfew_that_is_not_there_is_named(tmp_path, name):
    sfew(tmp_path)
    (tmp_path / name).rename(tmp_path / "elsewhere")
    with pytest.raises(NoInputError, match=rf"Unpack {name}\.zip"):
        list(read_sfew(tmp_path, {}))


def test_of_sfews_table_only_the_words_count(tmp_path):
    found = list(read_sfew(sfew_table(tmp_path), {}))
    assert words(found) == ALPHABETICAL
    assert Counter(one.split for one in found) == {"train": 3, "val": 4}


def test_a_name_in_sfews_table_cannot_leave_the_folder(tmp_path):
    header = "image_name,label,emotion,original_split\n"
    put(tmp_path, "sfew_2.0_labels.csv", text=header + "../../x.png,0,Happy,train\n")
    with pytest.raises(DataError, match=r"line 2.*does not stay inside"):
        list(read_sfew(tmp_path, {}))


@pytest.mark.parametrize("top", ["MMAFEDB/", ""])
def test_mma_is_read_with_and_without_its_own_folder(tmp_path, top):
    found = list(read_mma(mma(tmp_path, top), {}))
    assert words(found) == ALPHABETICAL * 3
    assert [one.split for one in found[::7]] == ["train", "val", "test"]
    assert found[0].path == f"{top}train/angry/0.jpg"


def test_mma_needs_all_its_splits(tmp_path):
    put(tmp_path, "MMAFEDB/train/angry/0.jpg")
    with pytest.raises(NoInputError, match="MMAFEDB/valid"):
        list(read_mma(tmp_path, {}))


def test_words_of_the_open_set_come_in_any_case(tmp_path):
    found = list(read_open_expressions(open_expressions(tmp_path), {}))
    assert words(found) == ["Happiness", "Happiness", "Sadness"]


def test_what_the_open_set_lists_twice_is_settled(tmp_path):
    found = list(read_open_expressions(open_expressions(tmp_path), {}))
    left = [(one.path, one.reason) for one in found if isinstance(one, LeftOut)]
    assert left == [
        ("images/A_Person_0001.jpg", "listed before"),
        ("images/B_Both_0001.jpg", "labels that differ"),
        ("images/B_Both_0001.jpg", "labels that differ"),
        ("images/C_Sure_0001.jpg", "contempt"),
    ]


def test_contempt_and_another_word_for_one_picture_differ(tmp_path):
    put(tmp_path, "data/legend.csv", text="image,emotion\na.jpg,contempt\na.jpg,fear\n")
    reasons = [one.reason for one in read_open_expressions(tmp_path, {})]
    assert reasons == ["contempt", "labels that differ"]


def test_persons_of_the_open_set_are_in_the_names(tmp_path):
    found = list(read_open_expressions(open_expressions(tmp_path), {}))
    persons = [one.person for one in found if isinstance(one, Sample)]
    assert persons == ["a_person", "a_person", None]
    assert {one.split for one in found} == {None}


@pytest.mark.parametrize("name", ["../x.jpg", "/x.jpg", "..", "a\\b.jpg"])
def test_a_name_in_the_legend_cannot_leave_the_folder(tmp_path, name):
    put(tmp_path, "data/legend.csv", text=f"user.id,image,emotion\nu,{name},fear\n")
    with pytest.raises(DataError, match="line 2"):
        list(read_open_expressions(tmp_path, {}))
