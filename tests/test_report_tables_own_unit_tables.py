"""This face, or the stencil of its class: one row per variant, one per expression."""

import numpy as np

from benchmarks.made_faces import drawn_faces
from benchmarks.made_results import put, some_own_units
from report.reading.results import load_studies
from report.reading.statistics import study_statistics
from report.tables.own_unit_tables import own_class_table, own_unit_table


def found(results):
    return [study_statistics(one) for one in load_studies(results)]


def row_of(table, number=0):
    return dict(zip(table.head, table.rows[number], strict=True))


def test_without_any_coding_there_is_no_table(tmp_path):
    put(tmp_path, "demo/cam/plain")
    studies = found(tmp_path)
    assert own_unit_table(studies) is None
    assert own_class_table(studies[0].study) is None


def test_both_cosines_stand_beside_each_other_with_their_coverage(tmp_path):
    put(tmp_path, "demo/cam/plain", own_units=some_own_units())
    table = own_unit_table(found(tmp_path))
    (row,) = table.rows
    assert row[:4] == ("demo", "cam", "plain", "not settled")
    assert row[4:6] == ("0.625", "0.562")
    assert "+0.062" in row
    assert row[-3] == "3/4"


def test_a_variant_whose_faces_were_not_coded_has_no_row(tmp_path):
    put(tmp_path, "demo/cam/plain", own_units=some_own_units())
    put(tmp_path, "mine/cam/plain")
    assert [row[0] for row in own_unit_table(found(tmp_path)).rows] == ["demo"]


def coded_faces(within, seed):
    """Sixty faces whose attention has a selectivity around a value; of the own map it is .25."""
    labels = np.arange(60) % 7
    rng = np.random.default_rng(seed)
    changes = {
        "own_coded_N": np.ones(60, bool),
        "own_cosines_NM": np.full((60, 3), 0.5, np.float32),
        "own_selectivity_NM": rng.normal(within, 0.01, (60, 3)).astype(np.float32),
        "own_baselines_NK": np.full((60, 3), 0.4, np.float32),
        "own_levels_NK": np.tile(np.array([0, 0.25], np.float32), (60, 1)),
    }
    return drawn_faces(labels, 0.8, 0.6, seed, **changes)


def test_seeds_settle_what_attention_follows(tmp_path):
    for seed in range(3):
        for variant, within in (("plain", 0.0), ("own", 0.125)):
            put(tmp_path, f"demo/cam/{variant}/seed{seed}", faces=coded_faces(within, seed))
    follows = {row[2]: row[3] for row in own_unit_table(found(tmp_path)).rows}
    assert follows["plain"] == "nothing beyond the class"
    assert follows["own"] == "this face (50% of what its own map would)"


def test_every_expression_has_its_row(tmp_path):
    put(tmp_path, "demo/cam/plain", own_units=some_own_units())
    table = own_class_table(found(tmp_path)[0].study)
    assert len(table.rows) == 7
    assert row_of(table, 1)["own map"] == "0.250"
