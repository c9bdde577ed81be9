"""Accuracy against confidence."""

import re

from benchmarks.made_results import optional_scores, put
from report.figures.reliability_chart import reliability_chart
from report.reading.results import load_studies


def test_every_bin_with_faces_has_a_tooltip(tmp_path):
    put(tmp_path, **optional_scores())
    chart = reliability_chart("x", load_studies(tmp_path)[0])
    assert re.findall("<title>(.*?)</title>", chart.svg) == [
        "plain seed0, 1 faces: confidence 0.375, accuracy 0.000",
        "plain seed0, 3 faces: confidence 0.875, accuracy 1.000",
    ]
    assert ">plain seed0, ECE 0.188</text>" in chart.svg
