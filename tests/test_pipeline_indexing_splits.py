"""Which samples train, validate and test."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import DataError
from pipeline.indexing.splits import Shares, with_splits
from store.records import Sample

TENTHS = Shares(val=0.1, test=0.2, seed=0)
THIRDS = Shares(val=0.3, test=0.3, seed=0)


def sample(number, expression=0, person=None, split=None):
    return Sample(f"{number}.jpg", f"{number}.jpg", expression, split, person)


SAMPLES = st.lists(
    st.builds(
        sample,
        st.integers(0, 9999),
        st.integers(0, 6),
        st.none() | st.sampled_from([f"p{number}" for number in range(12)]),
    ),
    max_size=60,
    unique_by=lambda one: one.id,
)


@given(samples=SAMPLES)
def test_no_person_is_in_two_splits(samples):
    pairs = {(one.person, one.split) for one in with_splits(samples, THIRDS) if one.person}
    assert len(pairs) == len({person for person, _ in pairs})


@given(samples=SAMPLES)
def test_every_sample_gets_one_split_and_nothing_else_changes(samples):
    found = with_splits(samples, THIRDS)
    assert [(one.id, one.expression, one.person) for one in found] == [
        (one.id, one.expression, one.person) for one in samples
    ]
    assert {one.split for one in found} <= {"train", "val", "test"}


@given(samples=SAMPLES, rng=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(samples, rng):
    shuffled = rng.sample(samples, len(samples))
    splits = {one.id: one.split for one in with_splits(samples, THIRDS)}
    assert {one.id: one.split for one in with_splits(shuffled, THIRDS)} == splits


@given(samples=SAMPLES, split=st.sampled_from(["train", "val", "test"]))
def test_splits_of_the_dataset_are_kept(samples, split):
    given_splits = [sample(-1, split="val"), *(sample(one.id, split=split) for one in samples)]
    assert with_splits(given_splits, THIRDS) == given_splits


def test_splits_are_stratified():
    samples = [sample(number, number % 7) for number in range(700)]
    counts = Counter((one.split, one.expression) for one in with_splits(samples, TENTHS))
    assert {counts["val", expression] for expression in range(7)} == {10}
    assert {counts["test", expression] for expression in range(7)} == {20}
    assert {counts["train", expression] for expression in range(7)} == {70}


def test_another_seed_draws_others():
    samples = [sample(number) for number in range(100)]
    other = replace(TENTHS, seed=1)
    assert with_splits(samples, TENTHS) != with_splits(samples, other)


def test_a_sample_more_moves_few_others():
    samples = [sample(number) for number in range(100)]
    before = with_splits(samples, TENTHS)
    after = with_splits([*samples, sample(100)], TENTHS)[:-1]
    assert sum(was != now for was, now in zip(before, after, strict=True)) <= 3


def test_validation_is_taken_out_of_train_when_only_train_and_test_are_given():
    training = [sample(number, split="train") for number in range(100)]
    testing = [sample(100 + number, split="test") for number in range(50)]
    found = with_splits([*training, *testing], TENTHS)
    assert Counter(one.split for one in found) == {"train": 90, "val": 10, "test": 50}
    assert found[100:] == testing


def test_validation_taken_out_of_train_shares_no_person_with_it():
    training = [sample(number, split="train", person=f"p{number // 4}") for number in range(80)]
    found = with_splits([*training, sample(99, split="test")], TENTHS)
    persons = {
        split: {one.person for one in found if one.split == split} for split in ("train", "val")
    }
    assert len(persons["val"]) == 2
    assert persons["train"].isdisjoint(persons["val"])


def test_a_share_of_nothing_takes_nothing():
    none = replace(TENTHS, val=0.0, test=0.0)
    assert {one.split for one in with_splits([sample(n) for n in range(50)], none)} == {"train"}


def test_half_named_splits_are_refused():
    with pytest.raises(DataError, match="some rows name a split and some do not"):
        with_splits([sample(0, split="train"), sample(1)], TENTHS)
