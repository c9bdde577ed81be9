"""Valence and arousal: one row per variant that predicts them."""

from benchmarks.made_results import put, some_valence_arousal
from contracts.valence_arousal import ValueScores
from report.reading.results import load_studies
from report.reading.statistics import study_statistics
from report.tables.valence_arousal_tables import SCORE_TITLES, valence_arousal_table


def table_of(results):
    return valence_arousal_table([study_statistics(one) for one in load_studies(results)])


def test_without_a_run_that_predicts_them_there_is_no_table(tmp_path):
    put(tmp_path, "demo/cam/plain")
    assert table_of(tmp_path) is None


def test_every_score_has_a_name_in_print():
    assert tuple(SCORE_TITLES) == tuple(ValueScores.model_fields)


def test_a_row_has_both_with_a_constant_beside_and_their_coverage(tmp_path):
    put(tmp_path, "demo/cam/rated", valence_arousal=some_valence_arousal())
    put(tmp_path, "demo/cam/plain")
    table = table_of(tmp_path)
    (row,) = table.rows
    assert row[:3] == ("demo", "cam", "rated")
    assert row[3:10] == (
        *("+0.625", "+0.500 to +0.750", "+0.750", "0.188", "0.875"),
        *("0.500", "0.250"),
    )
    assert row[10] == "+0.500"
    assert row[-1] == "3/4"


def test_seeds_are_averaged(tmp_path):
    first, second = some_valence_arousal(), some_valence_arousal()
    second["valence"] = second["valence"] | {"ccc": 0.375}
    put(tmp_path, "demo/cam/rated/seed0", valence_arousal=first)
    put(tmp_path, "demo/cam/rated/seed1", valence_arousal=second)
    assert table_of(tmp_path).rows[0][3] == "+0.500 ± 0.177"
