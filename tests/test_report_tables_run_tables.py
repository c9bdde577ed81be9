"""Tables of all runs, and the flat record of one."""

import pytest

from benchmarks.made_results import optional_scores, put
from report.reading.results import load_studies
from report.tables.run_tables import layer_table, main_table, run_record


@pytest.fixture
def results(tmp_path):
    put(tmp_path)
    put(tmp_path, "demo/cam/aligned", accuracy=1.0)
    return tmp_path


def test_the_main_table_prints_coverage_and_what_trivial_maps_score(results):
    row = main_table(load_studies(results)).rows[1]
    assert row == (
        *("demo", "cam", "aligned seed0", "1.000", "0.500", "0.438", "0.500", "0.250", "0.188"),
        *("0.625", "+0.250", "−0.062", "0.500", "+0.250", "−0.062"),
        *("0.438", "0.688", "0.938", "3/4", "4/5", "holdout"),
    )


def test_baselines_stand_side_by_side(results):
    groups = dict(main_table(load_studies(results)).groups)
    assert groups["baselines"] == 3


def test_intervals_have_columns_once_they_are_known(results):
    assert "95 %" not in main_table(load_studies(results)).head
    put(results, "demo/prm/plain", **optional_scores())
    table = main_table(load_studies(results))
    assert table.rows[-1][table.head.index("95 %")] == "0.500 to 1.000"
    assert table.rows[0][table.head.index("95 %")] == "–"


def test_the_flat_record_keeps_all_digits(results):
    row = run_record(load_studies(results)[0].shown[0])
    assert row["att_selectivity"] == -0.0625
    assert row["baseline_class_mean"] == 0.9375
    assert row["accuracy_low"] is None


def test_a_shallower_network_has_dashes_for_the_layers_it_lacks(results):
    scores = load_studies(results)[0].shown[0].scores
    put(results, "demo/vgg/plain", att_cos={"1": scores.att_cos["1"].model_dump()})
    rows = layer_table(load_studies(results)).rows
    assert rows[-3] == ("demo", "vgg", "plain seed0", "cosine", "0.375", "–")
