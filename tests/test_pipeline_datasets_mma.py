"""MMA: three splits of class folders."""

import pytest

from errors import NoInputError
from pipeline.datasets.mma import read_mma
from store.records import Sample
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import mma, put

ALPHABETICAL = ["Anger", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise"]


def words(found):
    return [EXPRESSIONS[one.expression] for one in found if isinstance(one, Sample)]


@pytest.mark.parametrize("top", ["MMAFEDB/", ""])
def test_mma_is_read_with_and_without_its_own_folder(tmp_path, top):
    found = list(read_mma(mma(tmp_path, top), {}, BASIC7))
    assert words(found) == ALPHABETICAL * 3
    assert [one.split for one in found[::7]] == ["train", "val", "test"]
    assert found[0].path == f"{top}train/angry/0.jpg"


def test_mma_needs_all_its_splits(tmp_path):
    put(tmp_path, "MMAFEDB/train/angry/0.jpg")
    with pytest.raises(NoInputError, match="MMAFEDB/valid"):
        list(read_mma(tmp_path, {}, BASIC7))
