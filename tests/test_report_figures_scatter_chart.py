"""Accuracy against ATT-COS."""

import re

import pytest

from benchmarks.made_results import an_agreement, optional_scores, put
from report.figures.scatter_chart import label_heights, scatter_chart
from report.reading.results import load_comparisons


@pytest.fixture
def chart(tmp_path):
    scores = optional_scores() | {"accuracy": 0.25, "att_cos": {"1": an_agreement(0.8125)}}
    put(tmp_path, "demo/cam/plain", accuracy=0.5)
    put(tmp_path, "demo/cam/aligned", **scores)
    put(tmp_path, "demo/prm/plain", accuracy=0.75)
    return scatter_chart("scatter", load_comparisons(tmp_path))


def test_every_run_has_a_tooltip_with_its_method_and_values(chart):
    assert re.findall("<title>(.*?)</title>", chart.svg) == [
        "cam plain: accuracy 0.500, ATT-COS 0.625",
        "cam aligned: accuracy 0.250, ATT-COS 0.812",
        "prm plain: accuracy 0.750, ATT-COS 0.625",
    ]


def test_methods_and_baselines_are_named(chart):
    for name in ("cam", "prm", "uniform", "always Happiness", "plain", "aligned"):
        assert f">{name}</text>" in chart.svg


@pytest.mark.parametrize(
    ("heights", "spread"),
    [
        ([0.25, 0.75], [0.25, 0.75]),
        ([0.5, 0.5], [0.5, 0.75]),
        ([0.875, 1.0], [0.75, 1.0]),
        ([], []),
    ],
)
def test_labels_move_apart_and_stay_below_the_top(heights, spread):
    assert label_heights(heights, gap=0.25) == spread
