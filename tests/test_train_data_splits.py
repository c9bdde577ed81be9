"""Splits of the index, and those that follow from a fold."""

import polars as pl
import pytest

from errors import DataError
from train.data.splits import splits_of


class Faces:
    """A store of six faces in three folds."""

    path = "faces"

    def __init__(self, folds: str = "001122") -> None:
        columns = {"split": ["train", "train", "val", "val", "test", "test"]}
        self._table = pl.DataFrame({**columns, "fold": [*folds] or [""] * 6})

    def table(self, columns: tuple[str, ...]) -> pl.DataFrame:
        return self._table.select(columns)


def test_without_a_fold_the_splits_of_the_index_count() -> None:
    assert splits_of(Faces(), None).tolist() == ["train", "train", "val", "val", "test", "test"]


@pytest.mark.parametrize(
    ("fold", "expected"),
    [
        (0, ["test", "test", "val", "val", "train", "train"]),
        (1, ["train", "train", "test", "test", "val", "val"]),
        (2, ["val", "val", "train", "train", "test", "test"]),
    ],
)
def test_a_fold_is_tested_the_next_one_chooses_the_rest_is_trained_on(fold, expected) -> None:
    assert splits_of(Faces(), fold).tolist() == expected


@pytest.mark.parametrize(
    ("folds", "what"), [("001122", "has 3 folds, from 0"), ("", "has no folds")]
)
def test_a_fold_that_is_not_there_is_named(folds, what) -> None:
    with pytest.raises(DataError, match=f"{what}; a repeat names fold 3"):
        splits_of(Faces(folds), 3)
