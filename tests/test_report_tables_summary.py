"""The summary of a dataset: conditions, cautions, scales."""

from benchmarks.made_results import put
from report.reading.results import load_comparisons
from report.tables.summary import summarise


def summary_of(results):
    return summarise(load_comparisons(results))


def test_a_fair_comparison_has_no_cautions(tmp_path):
    put(tmp_path)
    put(tmp_path, "demo/cam/aligned", accuracy=1.0)
    assert summary_of(tmp_path).cautions == ()


def test_runs_that_differ_in_more_than_alignment_are_cautioned_about(tmp_path):
    put(tmp_path)
    put(tmp_path, "demo/cam/aligned", train={"lr": 0.01, "alignment": {"weight": 9.0}})
    assert "train.lr: 0.001 -> 0.01" in summary_of(tmp_path).cautions


def test_a_checkpoint_chosen_on_the_test_split_is_said_so(tmp_path):
    put(tmp_path)
    assert "chosen on the test split" not in summary_of(tmp_path).conditions
    put(tmp_path, "demo/cam/aligned", protocol="paper")
    assert "Protocol holdout or paper (the checkpoint was chosen on the test split" in (
        summary_of(tmp_path).conditions
    )


def test_conditions_say_how_many_faces_enter_which_score(tmp_path):
    put(tmp_path)
    assert summary_of(tmp_path).conditions.startswith(
        "4 of 5 faces of split test were scored; 3 of 4 of them have an AU map"
    )


def test_scales_hold_the_baselines_and_the_runs(tmp_path):
    put(tmp_path)
    attention, cam = summary_of(tmp_path).scales
    assert attention.baselines == (("uniform", 0.4375), ("all AUs", 0.6875), ("class mean", 0.9375))
    assert (attention.runs, cam.runs) == ((("plain", 0.625),), (("plain", 0.5),))


def test_several_methods_have_no_scales(tmp_path):
    put(tmp_path, "demo/cam/plain")
    put(tmp_path, "demo/prm/plain")
    summary = summary_of(tmp_path)
    assert (summary.title, summary.scales) == ("demo", ())
