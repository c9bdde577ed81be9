"""Trained on one dataset, scored on another; published figures beside."""

from benchmarks.made_results import put
from report.reading.results import load_studies
from report.reading.statistics import study_statistics
from report.tables.transfer_tables import transfer_table, zero_shot_table


def studies_of(results):
    return [study_statistics(one) for one in load_studies(results)]


def put_transfer(results, method, **changes):
    put(results, f"raf/{method}/plain", **changes)
    scores = {"trained_on": "raf", "dataset": "sfew", "accuracy": 0.5}
    put(results, f"raf-on-sfew/{method}/plain", **scores)


def test_runs_scored_at_home_make_no_table(tmp_path):
    put(tmp_path)
    assert transfer_table(studies_of(tmp_path)) is None
    assert zero_shot_table(studies_of(tmp_path)) is None


def test_a_variant_has_a_column_per_dataset_that_it_was_scored_on(tmp_path):
    put_transfer(tmp_path, "prm")
    table = transfer_table(studies_of(tmp_path))
    assert table.rows[0][:5] == ("prm", "plain", "raf", "0.750", "0.500")
    assert table.external_rows == frozenset()


def test_published_transfers_of_the_method_are_marked_rows_below(tmp_path):
    put_transfer(tmp_path, "scn")
    table = transfer_table(studies_of(tmp_path))
    assert table.rows[1][:3] == ("scn", "plain, published †", "RAF-DB")
    assert table.external_rows == {1, 2}
    assert "0.8732" in table.rows[1]


def test_recalls_stand_beside_the_published_ones(tmp_path):
    put_transfer(tmp_path, "cafe")
    table = zero_shot_table(studies_of(tmp_path))
    own, published = (dict(zip(table.head, row, strict=True)) for row in table.rows)
    assert (own["scored on"], own["Happiness"], own["Fear"], own["all"]) == (
        *("sfew", "1.000", "–", "0.500"),
    )
    assert (published["scored on"], published["Fear"]) == ("FERPlus", "0.373")
    assert published["all"] == "0.627"
