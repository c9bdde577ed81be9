"""Tables of all methods: beside published figures, and across datasets."""

import pytest

from benchmarks.made_results import put
from report.reading.results import load_comparisons
from report.tables.method_tables import methods_table, transfer_table


@pytest.fixture
def results(tmp_path):
    put(tmp_path)
    put(tmp_path, "demo/cam/aligned", accuracy=1.0)
    return tmp_path


def test_published_figures_are_marked_rows_beside_the_own(results):
    table = methods_table(load_comparisons(results))
    assert table.rows[0] == (
        *("cam", "demo", "0.750", "1.000", "+0.250"),
        *("0.500", "0.500", "+0.000", "0.625", "0.625", "+0.000"),
    )
    assert table.rows[1] == (
        *("cam", "RAF-DB, published †", "0.882", "0.889", "+0.007"),
        *("0.55", "0.70", "+0.15", "0.57", "0.85", "+0.28"),
    )
    assert table.external_rows == {1, 2}


def test_a_method_of_which_nothing_was_published_stands_alone(tmp_path):
    put(tmp_path, "demo/my_own/plain")
    table = methods_table(load_comparisons(tmp_path))
    assert table.rows == (("my_own", "demo", "0.750", *"––", "0.500", *"––", "0.625", *"––"),)
    assert not table.external_rows


def test_transfers_make_a_table_of_where_trained_by_where_scored(results):
    assert transfer_table(load_comparisons(results)) is None
    put(results, "mine/cam/plain", accuracy=0.25)
    put(results, "demo-on-mine/cam/plain", trained_on="demo", dataset="mine", accuracy=0.125)
    table = transfer_table(load_comparisons(results))
    assert table.head[:6] == ("method", "run", "trained on", "demo", "mine", "mean")
    assert [row[:6] for row in table.rows] == [
        ("cam", "plain", "demo", "0.750", "0.125", "0.438"),
        ("cam", "plain", "mine", "–", "0.250", "–"),
    ]


def test_transfers_are_no_rows_of_the_methods(results):
    put(results, "demo-on-mine/cam/plain", trained_on="demo", dataset="mine")
    assert len(methods_table(load_comparisons(results)).rows) == 3
