"""Phrases that several sentences share."""

import pytest

from benchmarks.made_results import put
from report.reading.results import load_comparisons
from report.tables.phrases import joined, sampling_error_sentence, wilson_half_width


def test_the_accuracy_interval_is_wilsons():
    # 1.96 / (1 + 3.84 / 4) * sqrt(0.25 / 4 + 3.84 / 64)
    assert wilson_half_width(0.5, 4) == pytest.approx(0.3499, abs=1e-4)


def test_the_sampling_error_is_that_of_the_least_certain_run(tmp_path):
    put(tmp_path, accuracy=1.0)
    put(tmp_path, "demo/cam/aligned", accuracy=0.5)
    assert sampling_error_sentence(load_comparisons(tmp_path)[0].runs) == (
        "With 4 faces, the sampling error of an accuracy is about ±0.350 (95 %)."
    )


def test_empty_sentences_leave_no_gap():
    assert joined("One.", "", "Two.") == "One. Two."
