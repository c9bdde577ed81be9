"""AffectNet's class ids in both releases: what is left out, and ids in the wrong order."""

from collections import Counter

import pytest

from errors import DataError, NoInputError, UsageError
from pipeline.datasets import DATASETS
from pipeline.datasets.affectnet import ORDERS, AffectNetOptions, order_of_ids
from pipeline.datasets.affectnet_npy import read_affectnet_npy
from pipeline.datasets.reader import LeftOut
from store.records import Sample
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import (
    AFFECTNET_CLASSES,
    affectnet_csv,
    affectnet_npy,
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
    words = [EXPRESSIONS[one.expression] for one in taken(DATASETS[name].read(root, {}, BASIC7))]
    seven = ["Neutral", "Happiness", "Sadness", "Surprise", "Fear", "Disgust", "Anger"]
    assert words == seven + seven


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_none_of_the_seven_is_left_out_by_name(tmp_path, name):
    root = MAKERS[name](tmp_path, train=range(11), val=())
    left = [one for one in DATASETS[name].read(root, {}, BASIC7) if isinstance(one, LeftOut)]
    assert [one.reason for one in left] == list(AFFECTNET_CLASSES[7:])
    assert {one.split for one in left} == {"train"}


@pytest.mark.parametrize("name", MAKERS)
def test_the_alphabetical_order_is_recognised_and_refused(tmp_path, name):
    root = MAKERS[name](tmp_path, train=ALPHABETICAL, val=range(8))
    with pytest.raises(DataError, match=r"alphabetical.*have id 4.*option ids"):
        list(DATASETS[name].read(root, {}, BASIC7))


@pytest.mark.parametrize("name", MAKERS)
def test_the_option_says_which_order_it_is(tmp_path, name):
    root = MAKERS[name](tmp_path, train=ALPHABETICAL, val=())
    found = taken(DATASETS[name].read(root, {"ids": "alphabetical"}, BASIC7))
    counts = Counter(EXPRESSIONS[one.expression] for one in found)
    assert counts == {"Anger": 4, "Fear": 1, "Happiness": 20, "Neutral": 11} | {
        "Sadness": 4,
        "Surprise": 2,
    }
    believed = taken(DATASETS[name].read(root, {"ids": "official"}, BASIC7))
    assert EXPRESSIONS[believed[-1].expression] != "Surprise"


def test_alphabetical_ids_end_at_seven(tmp_path):
    root = affectnet_npy(tmp_path, train=(8,), val=())
    with pytest.raises(DataError, match="class 8 is none of 0 to 7"):
        list(read_affectnet_npy(root, {"ids": "alphabetical"}, BASIC7))


def test_the_official_order_passes(tmp_path):
    root = affectnet_npy(tmp_path, train=OFFICIAL, val=range(8))
    assert len(taken(read_affectnet_npy(root, {}, BASIC7))) == len(OFFICIAL) + 7


@pytest.mark.parametrize(
    "training", [range(8), (), (4,), (5, 5, 0)], ids=["balanced", "none", "one", "three"]
)
def test_counts_that_say_nothing_are_taken_as_official(tmp_path, training):
    assert order_of_ids({}, training, tmp_path) == ORDERS["official"]


def test_another_order_is_refused():
    with pytest.raises(UsageError, match=r"options\.ids: .*'official' or 'alphabetical'"):
        checked(AffectNetOptions, {"ids": "kaggle"}, "options")


@pytest.mark.parametrize("name", MAKERS)
def test_without_any_split_there_is_nothing(tmp_path, name):
    with pytest.raises(NoInputError, match="is not there, nor is"):
        list(DATASETS[name].read(tmp_path, {}, BASIC7))
