"""SFEW 2.0: both layouts, the withheld test labels and the second copy of val."""

from collections import Counter

import pytest

from errors import DataError, NoInputError
from pipeline.datasets.reader import LeftOut
from pipeline.datasets.sfew import read_sfew
from store.records import Sample
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import put, sfew, sfew_table

ALPHABETICAL = ["Anger", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise"]


def words(found):
    return [EXPRESSIONS[one.expression] for one in found if isinstance(one, Sample)]


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
    found = list(read_sfew(sfew(tmp_path, train, val), {}, BASIC7))
    assert words(found) == ALPHABETICAL * 2
    assert Counter(one.split for one in found) == {"train": 7, "val": 7, "test": 2}


def test_sfews_test_set_has_no_labels(tmp_path):
    left = [one for one in read_sfew(sfew(tmp_path), {}, BASIC7) if isinstance(one, LeftOut)]
    assert left[0] == LeftOut("Test_Aligned_Faces/0.png", "label withheld", "test")


def test_of_two_copies_of_sfews_validation_the_new_one_is_taken(tmp_path):
    put(sfew(tmp_path), "Val_Aligned_Faces/Happy/old.png")
    found = list(read_sfew(tmp_path, {}, BASIC7))
    assert LeftOut("Val_Aligned_Faces/Happy/old.png", "another copy", "val") in found
    assert words(found) == ALPHABETICAL * 2


@pytest.mark.parametrize("name", ["Train_Aligned_Faces", "Val_Aligned_Faces_new"])
def test_a_split_of_sfew_that_is_not_there_is_named(tmp_path, name):
    sfew(tmp_path)
    (tmp_path / name).rename(tmp_path / "elsewhere")
    with pytest.raises(NoInputError, match=rf"Unpack {name}\.zip"):
        list(read_sfew(tmp_path, {}, BASIC7))


def test_of_sfews_table_only_the_words_count(tmp_path):
    found = list(read_sfew(sfew_table(tmp_path), {}, BASIC7))
    assert words(found) == ALPHABETICAL
    assert Counter(one.split for one in found) == {"train": 3, "val": 4}


def test_a_name_in_sfews_table_cannot_leave_the_folder(tmp_path):
    header = "image_name,label,emotion,original_split\n"
    put(tmp_path, "sfew_2.0_labels.csv", text=header + "../../x.png,0,Happy,train\n")
    with pytest.raises(DataError, match=r"line 2.*does not stay inside"):
        list(read_sfew(tmp_path, {}, BASIC7))
