"""Seeds and folds, in words."""

import pytest

from contracts.repeats import Repeat
from errors import UsageError


@pytest.mark.parametrize("word", ["seed0", "seed12", "seed0-fold3", "seed123456789-fold0"])
def test_a_word_is_written_as_it_was_read(word):
    assert str(Repeat.parse(word)) == word


def test_a_fold_stands_behind_its_seed():
    assert Repeat.parse("seed2-fold3") == Repeat(2, 3)
    assert Repeat.parse("seed2") == Repeat(2)


@pytest.mark.parametrize(
    "word", ["", "seed", "0", "seed00", "seed1\n", "seed-1", "Seed1", "seed1-fold"]
)
def test_another_word_is_refused(word):
    with pytest.raises(UsageError, match="write seed0 or seed0-fold3"):
        Repeat.parse(word)
