"""Stage `demo`: a folder of pictures."""

import numpy as np
import pytest

from demo.params import DemoParams
from demo.render import drawn_units, render
from demo.stage import make
from pipeline.datasets.au_cells import parse_units
from pipeline.datasets.csv_table import read_landmarks
from pipeline.execution.cluster import ClusterConfig
from progress import silent
from store.tables import read_rows

PARAMS = DemoParams(seed=0, size_px=64, train=1, val=1, test=1, variety=0)
HERE = ClusterConfig(workers=0, progress=silent)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    out = tmp_path_factory.mktemp("raw") / "demo"
    assert make(out, PARAMS, HERE)
    return out


def test_every_expression_is_in_every_split_and_no_split_shares_a_person(out):
    rows = read_rows(out / "labels.csv")
    assert len(rows) == len({(row["expression"], row["split"]) for row in rows}) == 21
    assert len({row["person"] for row in rows}) == 21


def test_the_drawn_action_units_stand_in_the_table(out):
    rows = {row["file"]: row["aus"] for row in read_rows(out / "labels.csv")}
    for number in range(3):
        written = parse_units(rows[f"images/neutral_000{number}.jpg"], "")
        assert written == pytest.approx(drawn_units(0, 0, number), abs=1e-4)
    happy = parse_units(rows["images/happiness_0002.jpg"], "")
    assert {6, 12, 25} <= {*happy}
    assert max(happy.values()) <= 1


def test_the_true_points_stand_beside_the_pictures(out):
    points = read_landmarks(out / "landmarks.txt")
    assert sorted(points) == sorted(row["file"] for row in read_rows(out / "labels.csv"))
    expected = render(0, 1, 2, 64)[1].ravel()
    np.testing.assert_allclose(points["images/happiness_0002.jpg"], expected, atol=1e-4)


def test_a_second_time_nothing_is_drawn(out):
    assert not make(out, PARAMS, HERE)
