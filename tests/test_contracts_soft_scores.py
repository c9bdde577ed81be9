"""The block `soft` of scores.json."""

import pytest
from pydantic import ValidationError

from benchmarks.made_results import some_soft_scores
from contracts.soft_scores import SoftScores


def test_the_block_is_read_as_it_was_written():
    given = some_soft_scores()
    assert SoftScores.model_validate(given).model_dump() == given


def test_an_infinite_cross_entropy_is_no_score():
    with pytest.raises(ValidationError):
        SoftScores.model_validate(some_soft_scores() | {"cross_entropy": float("inf")})
