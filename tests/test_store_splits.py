"""Splits that will be needed are checked early."""

from pathlib import Path

import pytest

from errors import DataError
from store.splits import require_splits

COUNTS = {"train": 1200, "val": 7, "test": 0}


def test_splits_with_rows_pass():
    require_splits(Path("out"), COUNTS, {"train": "training", "val": "x", "all": "y"}, "faces")


def test_a_split_without_rows_is_told_with_who_needs_it_and_what_there_is():
    message = r"out: 0 faces in split test, .*: evaluate\.split\. There are: train 1,200, val 7\."
    with pytest.raises(DataError, match=message):
        require_splits(Path("out"), COUNTS, {"test": "evaluate.split"}, "faces")


def test_a_split_of_another_name_has_no_rows():
    with pytest.raises(DataError, match="0 faces in split tset"):
        require_splits(Path("out"), COUNTS, {"tset": "x"}, "faces")


def test_without_any_row_all_is_refused_too():
    with pytest.raises(DataError, match="There are: none"):
        require_splits(Path("out"), {}, {"all": "x"}, "pictures")
