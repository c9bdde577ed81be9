"""AffectNet of about 2021: numbered pictures and four .npy files for each."""

import os

import numpy as np
import pytest

from errors import DataError
from pipeline.datasets.affectnet_npy import read_affectnet_npy
from store.records import Sample
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import (
    affectnet_npy,
    npy,
    put,
)


def taken(found):
    return [one for one in found if isinstance(one, Sample)]


def test_npy_landmarks_valence_and_arousal_are_kept(tmp_path):
    sample = next(read_affectnet_npy(affectnet_npy(tmp_path), {}, BASIC7))
    assert sample.landmarks == tuple(range(136))
    assert sample.attributes == {"valence": "0.25", "arousal": "-0.5"}


def test_npy_numbers_have_gaps_and_are_in_their_own_order(tmp_path):
    found = taken(read_affectnet_npy(affectnet_npy(tmp_path, val=()), {}, BASIC7))
    assert [one.path for one in found][:5] == [
        f"train_set/images/{number}.jpg" for number in (0, 3, 6, 9, 12)
    ]


def test_npy_numbers_are_unique_only_within_a_split(tmp_path):
    found = taken(read_affectnet_npy(affectnet_npy(tmp_path), {}, BASIC7))
    assert len({one.id for one in found}) == len(found) == 14


@pytest.mark.parametrize("value", ["3", "3.0", 3, 3.0, [3], np.array([[3]], np.uint8)], ids=str)
def test_npy_classes_may_be_stored_as_anything(tmp_path, value):
    affectnet_npy(tmp_path, train=(0,), val=())
    put(tmp_path, "train_set/annotations/0_exp.npy", text=npy(value))
    (sample,) = read_affectnet_npy(tmp_path, {}, BASIC7)
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
        list(read_affectnet_npy(tmp_path, {}, BASIC7))


def test_npy_landmarks_of_another_number_are_named(tmp_path):
    affectnet_npy(tmp_path, train=(0,), val=())
    put(tmp_path, "train_set/annotations/0_lnd.npy", text=npy(np.zeros(10)))
    with pytest.raises(DataError, match=r"0_lnd\.npy: needs 136 finite numbers"):
        list(read_affectnet_npy(tmp_path, {}, BASIC7))


def test_npy_without_a_split_has_the_other(tmp_path):
    affectnet_npy(tmp_path, train=())
    assert {one.split for one in read_affectnet_npy(tmp_path, {}, BASIC7)} == {"val"}


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
        list(read_affectnet_npy(root, {}, BASIC7))
