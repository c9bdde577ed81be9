"""Sentences about several methods on one dataset."""

from benchmarks.made_results import an_agreement, put
from report.reading.results import load_comparisons
from report.tables.dataset_sentences import dataset_sentences


def sentences_of(results):
    return dataset_sentences(load_comparisons(results))


def test_it_is_said_in_how_many_methods_a_score_rose(tmp_path):
    for method, plain, aligned in (("cam", 0.5, 0.75), ("prm", 0.5, 0.25), ("adl", 0.5, 1.0)):
        put(tmp_path, f"demo/{method}/plain", accuracy=plain)
        scores = {"accuracy": aligned, "att_cos": {"1": an_agreement(0.875)}}
        put(tmp_path, f"demo/{method}/aligned", **scores)
    accuracy, agreement, _ = sentences_of(tmp_path)
    assert accuracy.startswith(
        "3 methods. Accuracy ranges from 0.250 (prm aligned) to 1.000 (adl aligned). "
        "Always answering Happiness would score 0.500; always answering Neutral, the most "
        "frequent expression in training, 0.250. "
        "With alignment, accuracy rose in 2 of 3 methods (median change +0.250, "
        "range −0.250 to +0.500)."
    )
    assert accuracy.endswith("1 of 3 changes are larger than that.")
    assert "ATT-COS rose in 3 of 3 methods (median change +0.250" in agreement
    assert "ATT-COS of the aligned runs: 3 between 'all AUs' and 'class mean'." in agreement


def test_a_change_that_prints_as_zero_is_no_rise(tmp_path):
    put(tmp_path, "demo/prm/plain")
    for run, accuracy in (("plain", 0.5), ("aligned", 0.5000001)):
        put(tmp_path, f"demo/cam/{run}", accuracy=accuracy)
    assert "accuracy rose in 0 of 1 methods (median change +0.000" in sentences_of(tmp_path)[0]


def test_methods_without_a_pair_are_not_compared(tmp_path):
    for method in ("cam", "prm"):
        put(tmp_path, f"demo/{method}/plain")
    assert "No method has both" in sentences_of(tmp_path)[0]
