"""Scores with intervals beside the baselines."""

import re

from benchmarks.made_results import optional_scores, put
from report.figures.forest_chart import forest_chart
from report.reading.results import load_studies
from report.reading.statistics import study_statistics


def chart_of(results):
    return forest_chart("x", [study_statistics(one) for one in load_studies(results)])


def test_all_baselines_and_both_trivial_answers_are_marked(tmp_path):
    put(tmp_path)
    svg = chart_of(tmp_path).svg
    for name in ("uniform 0.44", "all AUs 0.69", "class mean 0.94"):
        assert svg.count(f">{name}</text>") == 2
    assert ">always Happiness 0.50</text>" in svg
    assert ">always the same 0.33</text>" in svg


def test_every_row_has_a_point_per_score_with_its_interval(tmp_path):
    put(tmp_path, **optional_scores())
    put(tmp_path, "demo/prm/plain")
    tooltips = re.findall("<title>(.*?)</title>", chart_of(tmp_path).svg)
    assert len(tooltips) == 8
    assert "prm plain: accuracy 0.750" in tooltips
    assert any(one.startswith("cam plain: accuracy 0.750 (95 % ") for one in tooltips)


def test_a_score_that_no_run_has_is_left_out(tmp_path):
    nothing = {"overall": None, "per_class": {}, "n_valid": 0, "n": 4}
    cosines = nothing | {"centred": nothing, "selectivity": nothing}
    put(tmp_path, cam_cos=cosines)
    assert len(re.findall("<title>", chart_of(tmp_path).svg)) == 3
