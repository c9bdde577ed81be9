"""Learning curves of one method."""

from dataclasses import replace

from benchmarks.made_results import put
from report.figures.curve_chart import curve_chart
from report.reading.results import load_studies
from report.reading.studies import Study, VariantResults


def test_every_variant_names_its_runs_and_only_known_metrics_are_drawn(tmp_path):
    for place in ("plain/seed0", "plain/seed1", "aligned/seed0"):
        put(tmp_path, f"demo/cam/{place}")
    chart = curve_chart("x", load_studies(tmp_path)[0])
    assert ">plain (2)</text>" in chart.svg
    assert ">aligned (1)</text>" in chart.svg
    assert ">val/accuracy</text>" in chart.svg
    assert "val/att_cos" not in chart.svg


def test_runs_without_curves_have_no_chart(tmp_path):
    put(tmp_path)
    (study,) = load_studies(tmp_path)
    without = VariantResults((replace(study.shown[0], curves={}),))
    assert curve_chart("x", Study(study.path, (without,))) is None
