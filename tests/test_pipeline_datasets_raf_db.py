"""RAF-DB: its class ids, both spellings of its label file, both kinds of pictures."""

from collections import Counter

import pytest

from errors import DataError, NoInputError, UsageError
from labels.reading import read_labels
from pipeline.datasets.raf_db import RAFDBOptions, read_raf_db, read_raf_db_compound
from pipeline.datasets.reader import LeftOut
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import RAF_CLASSES, put, raf_db, raf_db_compound, raf_names
from validation import checked


def read(root, **options):
    return list(read_raf_db(root, options, BASIC7))


def test_official_ids_are_mapped_by_name(tmp_path):
    found = {one.path: EXPRESSIONS[one.expression] for one in read(raf_db(tmp_path))}
    assert found["Image/original/train_00001.jpg"] == "Surprise"
    assert found["Image/original/train_00004.jpg"] == "Happiness"
    assert found["Image/original/test_0007.jpg"] == "Neutral"
    assert [name.lower() for name in list(found.values())[:7]] == list(RAF_CLASSES)


def test_splits_are_in_the_names(tmp_path):
    splits = Counter(one.split for one in read(raf_db(tmp_path)))
    assert splits == {"train": 7, "test": 7}


@pytest.mark.parametrize("spelling", ["patition", "partition"])
def test_both_spellings_of_the_label_file_are_read(tmp_path, spelling):
    assert len(read(raf_db(tmp_path, spelling=spelling))) == 14


def test_the_folder_above_basic_will_do(tmp_path):
    raf_db(tmp_path / "basic")
    assert read(tmp_path)[0].path == "basic/Image/original/train_00001.jpg"


@pytest.mark.parametrize("kind", ["original", "aligned"])
def test_every_listed_picture_is_there(tmp_path, kind):
    for sample in read(raf_db(tmp_path), pictures=kind):
        assert (tmp_path / sample.path).is_file()
        assert kind in sample.path


def test_the_kind_that_is_there_is_taken(tmp_path):
    found = read(raf_db(tmp_path, kinds=["aligned"]))
    assert found[0].path == "Image/aligned/train_00001_aligned.jpg"


def test_another_kind_is_refused():
    with pytest.raises(UsageError, match=r"options\.pictures: .*'aligned'"):
        checked(RAFDBOptions, {"pictures": "alined"}, "options")


def test_pictures_that_are_still_packed_are_named(tmp_path):
    raf_db(tmp_path, kinds=[])
    put(tmp_path, "Image/aligned.zip", "Image/original.zip")
    with pytest.raises(NoInputError, match=r"aligned\.zip, original\.zip is still packed"):
        read(tmp_path)


def test_a_zip_that_brings_its_own_folder_nests_it(tmp_path):
    raf_db(tmp_path, kinds=["aligned/aligned"])
    for name, _ in raf_names():
        stem = name.removesuffix(".jpg")
        old = tmp_path / f"Image/aligned/aligned/{stem}.jpg"
        old.rename(old.with_stem(f"{stem}_aligned"))
    assert (tmp_path / read(tmp_path)[0].path).is_file()


def test_without_a_label_file_nothing_is_read(tmp_path):
    raf_db(tmp_path)
    (tmp_path / "EmoLabel/list_patition_label.txt").unlink()
    with pytest.raises(NoInputError, match="list_patition_label"):
        read(tmp_path)


def test_the_compound_set_is_refused(tmp_path):
    raf_db(tmp_path)
    put(
        tmp_path,
        "EmoLabel/list_patition_label.txt",
        text="train_0001.jpg 3\ntrain_0002.jpg 11\n",
    )
    with pytest.raises(
        DataError, match=r"classes up to 11; .* set reader: raf_db_compound and labels: raf_c"
    ):
        read(tmp_path)


def test_classes_from_0_are_refused(tmp_path):
    raf_db(tmp_path)
    put(tmp_path, "EmoLabel/list_patition_label.txt", text="train_00001.jpg 0\n")
    with pytest.raises(DataError, match="counts classes from 0"):
        read(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "train_00002.jpg",
        "train_00002.jpg 1 2",
        "train_00002.jpg x",
        "other.jpg 1",
        "train_00002.jpg -1",
    ],
)
def test_a_line_of_another_shape_is_named(tmp_path, line):
    raf_db(tmp_path)
    put(tmp_path, "EmoLabel/list_patition_label.txt", text=f"train_00001.jpg 1\n{line}\n")
    with pytest.raises(DataError, match=r"list_patition_label\.txt, line 2: needs a picture"):
        read(tmp_path)


def test_a_name_cannot_leave_the_folder(tmp_path):
    raf_db(tmp_path)
    put(tmp_path, "EmoLabel/list_patition_label.txt", text="train_/../../../../x.jpg 1\n")
    with pytest.raises(DataError, match="does not stay inside"):
        read(tmp_path)


def test_a_picture_with_two_labels_is_left_out_twice(tmp_path):
    raf_db(tmp_path)
    text = "train_00001.jpg 1\ntrain_00001.jpg 2\ntrain_00002.jpg 2\n"
    put(tmp_path, "EmoLabel/list_patition_label.txt", text=text)
    first, second, third = read(tmp_path)
    path = "Image/original/train_00001.jpg"
    assert first == second == LeftOut(path, "labels that differ", "train")
    assert third.path == "Image/original/train_00002.jpg"


@pytest.mark.parametrize("last", ["test", "valid"])
def test_a_copy_in_class_folders_keeps_the_official_ids(tmp_path, last):
    for number in range(1, 8):
        put(tmp_path, f"train/{number}/train_{number:05d}_aligned.jpg")
        put(tmp_path, f"{last}/{number}/test_{number:04d}_aligned.jpg")
    found = read(tmp_path)
    assert [EXPRESSIONS[one.expression].lower() for one in found[:7]] == list(RAF_CLASSES)
    assert Counter(one.split for one in found) == {"train": 7, "test": 7}


@pytest.mark.parametrize("name", ["train/1/face.jpg", "train/8/train_1.jpg", "train/test_2.jpg"])
def test_a_copy_with_other_names_is_refused(tmp_path, name):
    put(tmp_path, "train/1/train_1.jpg", name)
    with pytest.raises(DataError, match="reader folder with a label_map"):
        read(tmp_path)


def test_the_compound_set_is_read_with_its_eleven_classes(tmp_path):
    labels = read_labels("raf_compound")
    found = list(read_raf_db_compound(raf_db_compound(tmp_path), {}, labels))
    assert [labels.names[one.expression] for one in found[:11]] == list(labels.names)
    assert [one.split for one in found] == ["train"] * 11 + ["test"] * 11
    assert found[0].path == "compound/Image/aligned/train_0001_aligned.jpg"


def test_the_compound_set_is_no_set_of_seven(tmp_path):
    with pytest.raises(DataError, match="label 'happily surprised' is none of neutral"):
        list(read_raf_db_compound(raf_db_compound(tmp_path), {}, BASIC7))
