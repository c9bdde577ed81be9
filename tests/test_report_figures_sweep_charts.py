"""Scores against the setting that varies."""

import re

import pytest

from benchmarks.made_results import an_agreement, put
from report.figures.sweep_charts import sweep_charts
from report.reading.results import load_studies
from report.reading.statistics import study_statistics
from report.tables.sweeps import find_sweeps


@pytest.fixture
def charts(tmp_path):
    """Accuracy and agreement against three weights."""
    for accuracy, weight in ((0.0, 4.0), (0.25, 9.0), (0.5, 20.0)):
        train = {"lr": 0.001, "alignment": {"weight": weight, "layers": [2]}}
        scores = {"accuracy": accuracy, "att_cos": {"1": an_agreement(0.875)}}
        put(tmp_path, f"demo/prm/aligned-{weight}", train=train, **scores)
    (sweep,) = find_sweeps([study_statistics(one) for one in load_studies(tmp_path)])
    return sweep_charts(sweep)


def tooltips(chart):
    return re.findall("<title>(.*?)</title>", chart.svg)


def test_every_value_of_the_setting_has_a_tooltip(charts):
    accuracy, agreement = charts
    assert tooltips(accuracy)[:3] == [
        "alignment.weight 4.0: accuracy 0.000",
        "alignment.weight 9.0: accuracy 0.250",
        "alignment.weight 20.0: accuracy 0.500",
    ]
    assert len(tooltips(agreement)) == 6
    assert "alignment.weight 4.0: CAM-COS 0.500" in tooltips(agreement)


def test_the_baselines_are_drawn_beside_the_agreement(charts):
    accuracy, agreement = charts
    assert all(f">{name}</text>" in agreement.svg for name in ("uniform", "all AUs", "class mean"))
    assert "uniform" not in accuracy.svg
