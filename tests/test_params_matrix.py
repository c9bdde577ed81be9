"""The words of the matrix, which a shell's lines are made of."""

import pytest

from errors import UsageError
from params.matrix import MatrixParams, is_plain_name
from validation import checked

LISTS = {
    **{"datasets": ["a"], "made": [], "kinds": ["au"], "methods": ["cam"], "variants": ["plain"]},
    **{"repeats": ["seed0"], "restored": [], "transfers": []},
}


@pytest.mark.parametrize("name", ["raf", "RAF-DB_2", "x" * 100, "gesichter_ä"])
def test_letters_digits_and_two_signs_make_a_name(name):
    assert is_plain_name(name)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "..", "$(x)", "a;b", "a.b", "x" * 101, "a\n"])
def test_nothing_else_does(name):
    assert not is_plain_name(name)


def test_a_pair_is_called_as_its_folder():
    pair = {"train": "a", "test": "b", "split": "val"}
    (found,) = checked(MatrixParams, {**LISTS, "transfers": [pair]}).transfers
    assert str(found) == "a-on-b"


def test_a_pair_has_one_split():
    pairs = [{"train": "a", "test": "b", "split": split} for split in ("val", "test")]
    with pytest.raises(UsageError, match="a-on-b is listed twice"):
        checked(MatrixParams, {**LISTS, "transfers": pairs})


def test_a_dataset_is_restored_once():
    with pytest.raises(UsageError, match="a is listed twice"):
        checked(MatrixParams, {**LISTS, "restored": ["a", "a"]})
