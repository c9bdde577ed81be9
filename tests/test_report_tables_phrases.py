"""Phrases that sentences and tables share."""

import pytest

from measures.repeats import PairedDifference
from report.tables.phrases import among_baselines, joined, joined_words, verdict

BASELINES = {"uniform": 0.44, "all AUs": 0.69, "class mean": 0.94}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.4, "below 'uniform'"),
        (0.4404, "equal to 'uniform'"),
        (0.5, "between 'uniform' and 'all AUs'"),
        (0.7, "between 'all AUs' and 'class mean'"),
        (0.95, "above 'class mean'"),
        (None, "undefined"),
    ],
)
def test_a_cosine_is_placed_among_all_baselines_as_it_is_printed(value, words):
    assert among_baselines(value, BASELINES) == words


def test_without_baselines_there_is_no_place():
    assert among_baselines(0.5, {}) == "undefined"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (PairedDifference(0.1, (0.05, 0.15), 3, 0, 3), "higher"),
        (PairedDifference(-0.1, (-0.15, -0.05), 0, 3, 3), "lower"),
        (PairedDifference(0.1, (-0.05, 0.25), 2, 1, 3), "not settled"),
        (PairedDifference(0.1, (0.0004, 0.25), 3, 0, 3), "not settled"),
        (PairedDifference(0.1, None, 3, 0, 3), "not settled"),
        (PairedDifference(0.0, (0.0, 0.0), 0, 0, 3), "the same"),
        (PairedDifference(0.1, None, 1, 0, 1), "one seed"),
    ],
)
def test_a_sign_is_claimed_only_if_the_interval_excludes_zero(found, words):
    assert verdict(found) == words


def test_empty_sentences_leave_no_gap():
    assert joined("One.", "", "Two.") == "One. Two."
    assert [joined_words(list(one)) for one in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]
