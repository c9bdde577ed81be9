"""AffectNet in both releases: ids, what is left out, and ids in the wrong order."""

import os
from collections import Counter

import numpy as np
import pytest

from anatomy.expressions import EXPRESSIONS
from errors import DataError, NoInputError, UsageError
from pipeline.datasets import DATASETS
from pipeline.datasets.affectnet import ORDERS, AffectNetOptions, order_of_ids
from pipeline.datasets.affectnet_csv import read_affectnet_csv
from pipeline.datasets.affectnet_npy import read_affectnet_npy
from pipeline.datasets.reader import LeftOut
from store.records import Sample
from tests.miniatures import (
    AFFECTNET_CLASSES,
    CSV_HEADER,
    affectnet_csv,
    affectnet_npy,
    affectnet_row,
    npy,
    put,
)
from validation import checked

ALPHABETICAL = (0,) * 4 + (3,) + (4,) * 20 + (5,) * 11 + (6,) * 4 + (7,) * 2
OFFICIAL = (0,) * 11 + (1,) * 20 + (2,) * 4 + (3,) * 2 + (4,) + (6,) * 4
MAKERS = {"affectnet_npy": affectnet_npy, "affectnet_csv": affectnet_csv}


def taken(found):
    return [one for one in found if isinstance(one, Sample)]


@pytest.mark.parametrize("name", MAKERS)
def test_official_ids_are_mapped_by_name(tmp_path, name):
    root = MAKERS[name](tmp_path, train=range(8), val=range(8))
    words = [EXPRESSIONS[one.expression] for one in taken(DATASETS[name].read(root, {}))]
    seven = ["Neutral", "Happiness", "Sadness", "Surprise", "Fear", "Disgust", "Anger"]
    assert words == seven + seven


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_none_of_the_seven_is_left_out_by_name(tmp_path, name):
    root = MAKERS[name](tmp_path, train=range(11), val=())
    left = [one for one in DATASETS[name].read(root, {}) if isinstance(one, LeftOut)]
    assert [one.reason for one in left] == list(AFFECTNET_CLASSES[7:])
    assert {one.split for one in left} == {"train"}


@pytest.mark.parametrize("name", MAKERS)
def test_the_alphabetical_order_is_recognised_and_refused(tmp_path, name):
    root = MAKERS[name](tmp_path, train=ALPHABETICAL, val=range(8))
    with pytest.raises(DataError, match=r"alphabetical.*have id 4.*option ids"):
        list(DATASETS[name].read(root, {}))


@pytest.mark.parametrize("name", MAKERS)
def test_the_option_says_which_order_it_is(tmp_path, name):
    root = MAKERS[name](tmp_path, train=ALPHABETICAL, val=())
    found = taken(DATASETS[name].read(root, {"ids": "alphabetical"}))
    counts = Counter(EXPRESSIONS[one.expression] for one in found)
    assert counts == {"Anger": 4, "Fear": 1, "Happiness": 20, "Neutral": 11} | {
        "Sadness": 4,
        "Surprise": 2,
    }
    believed = taken(DATASETS[name].read(root, {"ids": "official"}))
    assert EXPRESSIONS[believed[-1].expression] != "Surprise"


def test_alphabetical_ids_end_at_seven(tmp_path):
    root = affectnet_npy(tmp_path, train=(8,), val=())
    with pytest.raises(DataError, match="class 8 is none of 0 to 7"):
        list(read_affectnet_npy(root, {"ids": "alphabetical"}))


def test_the_official_order_passes(tmp_path):
    root = affectnet_npy(tmp_path, train=OFFICIAL, val=range(8))
    assert len(taken(read_affectnet_npy(root, {}))) == len(OFFICIAL) + 7


@pytest.mark.parametrize(
    "training", [range(8), (), (4,), (5, 5, 0)], ids=["balanced", "none", "one", "three"]
)
def test_counts_that_say_nothing_are_taken_as_official(tmp_path, training):
    assert order_of_ids({}, training, tmp_path) == ORDERS["official"]


def test_another_order_is_refused():
    with pytest.raises(UsageError, match=r"options\.ids: .*'official' or 'alphabetical'"):
        checked(AffectNetOptions, {"ids": "kaggle"}, "options")


def test_npy_landmarks_valence_and_arousal_are_kept(tmp_path):
    sample = next(read_affectnet_npy(affectnet_npy(tmp_path), {}))
    assert sample.landmarks == tuple(range(136))
    assert sample.attributes == {"valence": "0.25", "arousal": "-0.5"}


def test_npy_numbers_have_gaps_and_are_in_their_own_order(tmp_path):
    found = taken(read_affectnet_npy(affectnet_npy(tmp_path, val=()), {}))
    assert [one.path for one in found][:5] == [
        f"train_set/images/{number}.jpg" for number in (0, 3, 6, 9, 12)
    ]


def test_npy_numbers_are_unique_only_within_a_split(tmp_path):
    found = taken(read_affectnet_npy(affectnet_npy(tmp_path), {}))
    assert len({one.id for one in found}) == len(found) == 14


@pytest.mark.parametrize("value", ["3", "3.0", 3, 3.0, [3], np.array([[3]], np.uint8)], ids=str)
def test_npy_classes_may_be_stored_as_anything(tmp_path, value):
    affectnet_npy(tmp_path, train=(0,), val=())
    put(tmp_path, "train_set/annotations/0_exp.npy", text=npy(value))
    (sample,) = read_affectnet_npy(tmp_path, {})
    assert EXPRESSIONS[sample.expression] == "Surprise"


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x93NUMPY", npy([1, 2]), npy("x"), npy(np.nan), npy(2.5), b"PK\x03\x04", b"\x80\x04N."],
    ids=["empty", "cut", "two", "word", "nan", "half", "zip", "pickle"],
)
def test_npy_labels_that_are_no_class_are_named(tmp_path, payload):
    affectnet_npy(tmp_path, train=(0,), val=())
    put(tmp_path, "train_set/annotations/0_exp.npy", text=payload)
    with pytest.raises(DataError, match=r"annotations/0_exp\.npy"):
        list(read_affectnet_npy(tmp_path, {}))


def test_npy_landmarks_of_another_number_are_named(tmp_path):
    affectnet_npy(tmp_path, train=(0,), val=())
    put(tmp_path, "train_set/annotations/0_lnd.npy", text=npy(np.zeros(10)))
    with pytest.raises(DataError, match=r"0_lnd\.npy: needs 136 finite numbers"):
        list(read_affectnet_npy(tmp_path, {}))


def test_npy_without_a_split_has_the_other(tmp_path):
    affectnet_npy(tmp_path, train=())
    assert {one.split for one in read_affectnet_npy(tmp_path, {})} == {"val"}


@pytest.mark.parametrize("name", MAKERS)
def test_without_any_split_there_is_nothing(tmp_path, name):
    with pytest.raises(NoInputError, match="is not there, nor is"):
        list(DATASETS[name].read(tmp_path, {}))


def test_csv_box_landmarks_valence_and_arousal_are_kept(tmp_path):
    sample = next(read_affectnet_csv(affectnet_csv(tmp_path), {}))
    assert sample.path == "Manually_Annotated_Images/1/training0.jpg"
    assert sample.box == (10, 20, 200, 210)
    assert sample.landmarks == tuple(range(136))
    assert sample.attributes == {"valence": "0.25", "arousal": "0.5"}


def test_csv_tables_may_lie_beside_the_pictures(tmp_path):
    affectnet_csv(tmp_path)
    for table in ("training", "validation"):
        (tmp_path / f"Manually_Annotated_file_lists/{table}.csv").rename(tmp_path / f"{table}.csv")
    (tmp_path / "Manually_Annotated_file_lists").rmdir()
    assert len(list(read_affectnet_csv(tmp_path, {}))) == 22


def one_row(root, row):
    table = "Manually_Annotated_file_lists/training.csv"
    return put(root, table, text=f"{CSV_HEADER}\n{row}\n")


def test_csv_sentinels_are_no_values(tmp_path):
    one_row(tmp_path, affectnet_row("a", 0, valence="-2"))
    (sample,) = read_affectnet_csv(tmp_path, {})
    assert sample.attributes["valence"] == ""


def test_csv_faces_may_lack_box_and_landmarks(tmp_path):
    one_row(tmp_path, "1/a.jpg,NULL,NULL,NULL,NULL,NULL,0,0,0")
    (sample,) = read_affectnet_csv(tmp_path, {})
    assert (sample.box, sample.landmarks) == (None, None)


def test_csv_rows_that_are_left_out_may_hold_anything_else(tmp_path):
    one_row(tmp_path, "1/a.jpg,?,?,?,?,?,10,?,?")
    assert list(read_affectnet_csv(tmp_path, {})) == [
        LeftOut("Manually_Annotated_Images/1/a.jpg", "no face", "train")
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (affectnet_row("a", 11), "class 11 is none of 0 to 10"),
        (affectnet_row("a", "happy"), "needs a whole number, got 'happy'"),
        (affectnet_row("a", 0, valence="1.7"), "valence 1.7 is not within -1 and 1"),
        (affectnet_row("../../../a", 0), "does not stay inside"),
        ("1/a.jpg,1,2,3,NULL,,0,0,0", "face box needs 4"),
        ("1/a.jpg,1,2,3,4,1;2,0,0,0", "facial_landmarks needs 136"),
        ("1/a.jpg,1,2", "3 fields, the header has 9"),
    ],
)
def test_csv_rows_that_cannot_be_accepted_are_named(tmp_path, row, message):
    one_row(tmp_path, row)
    with pytest.raises(DataError, match=rf"training\.csv, line 2.*{message}"):
        list(read_affectnet_csv(tmp_path, {}))


@pytest.mark.parametrize(
    ("ending", "make"),
    [
        ("exp", os.mkfifo),
        ("exp", os.mkdir),
        ("exp", lambda path: path.symlink_to("gone")),
        ("lnd", os.mkfifo),
        ("val", os.mkfifo),
    ],
)
def test_what_is_no_file_in_place_of_an_annotation_is_refused_at_once(tmp_path, ending, make):
    root = affectnet_npy(tmp_path, train=range(8), val=range(8))
    file = next(root.rglob(f"*_{ending}.npy"))
    file.unlink()
    make(file)
    with pytest.raises(DataError, match="finite numbers"):
        list(read_affectnet_npy(root, {}))
