"""On how many pictures several people's labels are known."""

import pytest

from pipeline.datasets.label_shares import shares_of_votes
from pipeline.indexing.share_coverage import share_coverage, share_remarks
from store.records import Sample


def sample(label, *votes):
    return Sample("a", "a.jpg", label, shares=shares_of_votes(votes, 3))


MANY = [
    sample(0, (0, 8), (1, 2)),
    sample(0, (0, 5), (1, 5)),
    sample(2, (0, 6), (1, 4), (None, 10)),
    sample(1),
]


def test_pictures_ties_and_votes_for_no_class_are_counted():
    found = share_coverage(MANY)
    assert (found.known, found.total, found.tied, found.differing, found.outside) == (3, 4, 1, 1, 1)
    assert found.agreement == pytest.approx((0.8 + 0.5 + 0.6) / 3)
    assert (found.votes, found.outside_share) == (10, 0.25)


def test_the_user_is_told_all_of_it():
    said = share_remarks(share_coverage(MANY))
    assert "on 3 of 4 pictures, of 10 votes on average" in said[0]
    assert "0.633" in said[0]
    assert said[1].endswith("the largest share: 1")
    assert said[2].endswith("not the majority's: 1")
    assert "25.0%, on 1 pictures" in said[3]


def test_a_dataset_without_shares_says_nothing():
    assert share_coverage([sample(1)]) is None
    assert share_remarks(None) == []
