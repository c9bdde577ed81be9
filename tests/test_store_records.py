"""The values that travel between stages."""

import dataclasses

import pytest

from store.records import Sample, Status


def test_a_sample_needs_a_name_a_path_and_an_expression():
    sample = Sample("a", "a.jpg", 3)
    assert (sample.split, sample.person, sample.box, sample.landmarks) == (None,) * 4
    assert sample.attributes == {}
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample.split = "test"


def test_statuses_are_lower_case_words_as_in_the_status_table():
    assert all(str(status) == status.name.lower() for status in Status)
