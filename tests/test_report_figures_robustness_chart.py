"""Scores of examined models on degraded faces."""

from benchmarks.made_results import an_examination, put
from report.figures.robustness_chart import robustness_chart
from report.reading.results import load_studies


def chart(results, **changes):
    put(results, "demo/smiles/examined", examination=an_examination() | changes)
    (study,) = load_studies(results)
    return robustness_chart("x", study)


def test_a_panel_per_degradation_and_a_line_per_score_that_was_measured(tmp_path):
    drawn = chart(tmp_path)
    for words in ("blur", "%", "jpeg", "quality", "examined: accuracy", "examined: CAM-COS"):
        assert f">{words}</text>" in drawn.svg
    assert "ATT-COS" not in drawn.svg
    assert "<title>examined: accuracy at blur 2: 0.250</title>" in drawn.svg


def test_what_was_not_degraded_has_no_chart(tmp_path):
    assert chart(tmp_path, robustness=None) is None
