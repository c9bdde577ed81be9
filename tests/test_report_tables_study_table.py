"""One row per method and variant, over its repeats."""

from benchmarks.made_faces import drawn_faces
from benchmarks.made_results import put
from labels.reading import read_labels
from report.reading.results import load_studies
from report.reading.statistics import study_statistics
from report.tables.study_table import (
    baseline_table,
    difference_table,
    paper_table,
    study_table,
)


def studies_of(results):
    return [study_statistics(one) for one in load_studies(results)]


def cells(table, row):
    return dict(zip(table.head, table.rows[row], strict=True))


def test_a_row_holds_mean_and_standard_deviation_over_seeds(tmp_path):
    for seed, accuracy in enumerate((0.5, 0.75, 1.0)):
        put(tmp_path, f"demo/prm/plain/seed{seed}", accuracy=accuracy)
    row = cells(study_table(studies_of(tmp_path)), 0)
    assert (row["method"], row["variant"], row["seeds"]) == ("prm", "plain", "3")
    assert study_table(studies_of(tmp_path)).rows[0][4] == "0.750 ± 0.250"


def test_a_single_seed_has_no_deviation(tmp_path):
    put(tmp_path, "demo/prm/plain")
    assert study_table(studies_of(tmp_path)).rows[0][4] == "0.750"


def test_expressions_that_are_never_answered_are_named(tmp_path):
    put(tmp_path, "demo/prm/plain/seed0")
    put(tmp_path, "demo/prm/plain/seed1", confusion=[[1] * 7] * 7)
    assert study_table(studies_of(tmp_path)).rows[0][-1] == "Sadness (1 of 2 seeds)"


def test_published_rows_follow_a_method_and_are_marked(tmp_path):
    put(tmp_path, "demo/cam/plain")
    put(tmp_path, "mine/cam/plain")
    table = study_table(studies_of(tmp_path))
    assert [row[0] for row in table.rows] == [
        *("demo", "mine", "RAF-DB, published †", "RAF-DB, published †"),
        *("AffectNet, published †", "AffectNet, published †"),
    ]
    assert table.external_rows == {2, 3, 4, 5}
    assert table.rows[3][2:6] == ("aligned", "–", "0.8895", "–")


def test_published_rows_stand_before_transfers(tmp_path):
    put(tmp_path, "demo/cam/plain")
    put(tmp_path, "demo-on-mine/cam/plain", trained_on="demo", dataset="mine")
    found = [row[0] for row in study_table(studies_of(tmp_path)).rows]
    assert (found[0], found[1], found[-1]) == ("demo", "RAF-DB, published †", "demo → mine")


def test_published_rows_stand_beside_their_own_classes_only(tmp_path):
    put(tmp_path, "hurt/cam/plain", labels=read_labels("pain").as_json())
    assert [row[0] for row in study_table(studies_of(tmp_path)).rows] == ["hurt"]


def test_the_table_for_a_paper_has_one_number_per_cell(tmp_path):
    for seed, accuracy in enumerate((0.5, 0.75)):
        put(tmp_path, f"demo/prm/plain/seed{seed}", accuracy=accuracy)
    table = paper_table(studies_of(tmp_path))
    assert table.head[:5] == ("dataset", "method", "variant", "accuracy", "balanced accuracy")
    assert table.rows[0][:4] == ("demo", "prm", "plain", "0.625 ± 0.177")


def test_attention_stands_among_all_baselines(tmp_path):
    put(tmp_path, "demo/prm/plain")
    (row,) = baseline_table(studies_of(tmp_path)).rows
    assert row[3:5] == ("between 'uniform' and 'all AUs'",) * 2
    assert row[5:] == ("0.625", "0.500", "0.438", "0.688", "0.938")


def test_one_seed_makes_no_table_of_differences(tmp_path):
    put(tmp_path)
    put(tmp_path, "demo/cam/aligned")
    assert difference_table(studies_of(tmp_path)) is None


def test_differences_have_a_row_per_score_with_verdict_and_pairs(tmp_path):
    labels = [number for number in range(7) for _ in range(12)]
    for variant, cosine in (("plain", 0.6), ("aligned", 0.8)):
        for seed in range(3):
            faces = drawn_faces(labels, 0.7, cosine, seed)
            put(tmp_path, f"demo/cam/{variant}/seed{seed}", faces=faces)
    table = difference_table(studies_of(tmp_path))
    rows = {row[3]: dict(zip(table.head, row, strict=True)) for row in table.rows}
    assert rows["ATT-COS"]["verdict"] == "higher"
    assert rows["ATT-COS"]["higher"] == rows["ATT-COS"]["all"] == "3"
    assert rows["accuracy"]["verdict"] == "the same"
