"""Charts: what their points say, and that they say it where they are drawn."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from report.figures.charts import DARK, LIGHT, reliability_chart, scatter_chart, sweep_charts
from report.reading.results import load_comparisons
from report.tables.sweeps import find_sweeps
from tests.made_results import an_agreement, later_scores, put

WEIGHTS = (4.0, 9.0, 20.0)


@pytest.fixture
def charts(tmp_path):
    """One of each kind, by name."""
    put(tmp_path, "demo/cam/plain", accuracy=0.5, **later_scores())
    put(tmp_path, "demo/cam/aligned", att_cos={"1": an_agreement(0.8125)}, accuracy=0.25)
    for place, weight in enumerate(WEIGHTS):
        train = {"lr": 0.001, "seed": 0, "alignment": {"weight": weight, "layers": [2]}}
        scores = {"accuracy": 0.25 * place, "att_cos": {"1": an_agreement(0.875)}}
        put(tmp_path, f"demo/prm/aligned-{weight}", train=train, **scores)
    comparisons = load_comparisons(tmp_path)
    (sweep,) = find_sweeps(comparisons)
    accuracy, agreement = sweep_charts(sweep)
    return {
        "scatter": scatter_chart("scatter", comparisons),
        "reliability": reliability_chart("reliability", comparisons[0]),
        "accuracy": accuracy,
        "agreement": agreement,
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("scatter", "cam aligned: accuracy 0.250, ATT-COS 0.812"),
        ("reliability", "plain, 3 faces: confidence 0.875, accuracy 1.000"),
        ("accuracy", "alignment.weight 20.0: accuracy 0.500"),
        ("agreement", "alignment.weight 4.0: CAM-COS 0.500"),
    ],
)
def test_a_point_says_whose_it_is_and_its_values(charts, name, words):
    assert words in [spot.words for spot in charts[name].spots]


@pytest.mark.parametrize(
    ("name", "points"), [("scatter", 3), ("reliability", 2), ("accuracy", 3), ("agreement", 6)]
)
def test_what_points_say_lies_where_they_are_drawn(charts, name, points):
    chart = charts[name]
    assert len(chart.spots) == points
    for picture, theme in ((chart.light, LIGHT), (chart.dark, DARK)):
        image_HW3 = imread(io.BytesIO(picture))[..., :3]
        drawn = [colour_at(image_HW3, spot) for spot in chart.spots]
        named = {name: to_rgb(getattr(theme, name)) for name in ("paper", "plain", "aligned")}
        assert {nearest(colour, named) for colour in drawn} <= {"plain", "aligned"}


def colour_at(image_HW3, spot):
    height, width = image_HW3.shape[:2]
    return image_HW3[int(spot.top * height), int(spot.left * width)]


def nearest(colour, named):
    return min(named, key=lambda name: np.abs(colour - named[name]).sum())
