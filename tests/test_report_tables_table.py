"""Tables of scores, and how they are written for other programs."""

import csv
import io

import pytest

from anatomy.expressions import EXPRESSIONS
from report.reading.results import load_comparisons
from report.tables.detail_tables import class_table, subgroup_tables, unit_table
from report.tables.formats import FORMATS, as_csv, as_latex, as_markdown
from report.tables.method_tables import methods_table, transfer_table
from report.tables.run_tables import layer_table, main_table, run_record
from report.tables.table import Column, format_number, format_signed, make_table
from tests.made_results import later_scores, put


@pytest.fixture
def results(tmp_path):
    put(tmp_path)
    put(tmp_path, "demo/cam/aligned", accuracy=1.0)
    return tmp_path


def test_the_main_table_prints_coverage_and_what_trivial_maps_score(results):
    row = main_table(load_comparisons(results)).rows[1]
    assert row == (
        *("demo", "cam", "aligned", "1.000", "0.500"),
        *("0.625", "+0.250", "−0.062", "0.500", "+0.250", "−0.062"),
        *("0.438", "0.938", "3/4", "4/5", "holdout"),
    )


def test_baselines_stand_side_by_side(results):
    groups = dict(main_table(load_comparisons(results)).groups)
    assert groups["baselines"] == 2


def test_what_came_later_has_columns_once_it_is_known(results):
    put(results, "demo/prm/plain", **later_scores())
    table = main_table(load_comparisons(results))
    row = dict(zip(table.head, table.rows[-1], strict=True))
    assert row["majority"] == "0.500"
    assert row["train majority"] == "0.250"
    assert row["ECE"] == "0.188"
    assert row["all AUs"] == "0.688"
    assert table.rows[0][table.head.index("ECE")] == "–"


def test_the_flat_record_keeps_all_digits(results):
    row = run_record(load_comparisons(results)[0].runs[0])
    assert row["att_selectivity"] == -0.0625
    assert row["baseline_class_mean"] == 0.9375
    assert row["accuracy_low"] is None


def test_a_class_without_faces_prints_a_dash(results):
    fear = class_table(load_comparisons(results)[0]).rows[EXPRESSIONS.index("Fear")]
    assert fear == ("Fear", "0", "–", "–", "–", "–", "–", "–", "–", "–")


def test_a_shallower_network_has_dashes_for_the_layers_it_lacks(results):
    scores = load_comparisons(results)[0].runs[0].scores
    put(results, "demo/vgg/plain", att_cos={"1": scores["att_cos"]["1"]})
    rows = layer_table(load_comparisons(results)).rows
    assert rows[-3] == ("demo", "vgg", "plain", "cosine", "0.375", "–")


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


def test_action_units_stand_in_their_order_with_share_and_area(tmp_path):
    put(tmp_path, **later_scores())
    table = unit_table(load_comparisons(tmp_path)[0])
    assert table.rows == (
        ("AU4", "brow lowerer", "1", "0.125", "0.062", "0.500"),
        ("AU12", "lip corner puller", "2", "0.125", "0.250", "2.000"),
    )


def test_a_group_too_small_to_score_is_counted(tmp_path):
    put(tmp_path, **later_scores())
    (table,) = subgroup_tables(load_comparisons(tmp_path)[0])
    assert table.rows == (("female", "3", "1.000", "0.625"), ("male", "1", "–", "–"))


def test_numbers_print_true_minus_signs_and_no_negative_zero():
    assert (
        format_number(-0.5),
        format_number(None),
        format_signed(0.5),
        format_signed(-0.0001),
    ) == (*("−0.500", "–", "+0.500", "+0.000"),)


def test_an_optional_column_without_a_value_is_left_out():
    columns = [Column("", "a", ("x",)), Column("g", "b", ("–",), True), Column("g", "c", ("–",))]
    table = make_table("t", columns, 1)
    assert table.head == ("a", "c")
    assert table.groups == (("", 1), ("g", 1))


TABLE = make_table(
    "t",
    [Column("", "name", ("50 % & a_b|c", "=1+1")), Column("loss", "mean", ("−0.500", "–"))],
    text_columns=1,
)


def test_a_csv_holds_numbers_that_others_read_and_no_formula():
    rows = list(csv.reader(io.StringIO(as_csv(TABLE))))
    assert rows == [["name", "loss mean"], ["50 % & a_b|c", "-0.500"], ["'=1+1", ""]]


def test_markdown_escapes_pipes_and_turns_numbers_to_the_right():
    assert as_markdown(TABLE).splitlines() == [
        "| name | loss mean |",
        "| :-- | --: |",
        "| 50 % & a_b\\|c | −0.500 |",
        "| =1+1 | – |",
    ]


def test_latex_escapes_its_special_characters_and_spans_heads():
    text = as_latex(TABLE)
    assert r"50 \% \& a\_b|c & $-$0.500 \\" in text
    assert r"\multicolumn{1}{c}{loss}" in text
    assert r"\cmidrule(lr){2-2}" in text
    assert text.count(r"\\") == 4


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_takes_the_widest_table(results, ending):
    put(results, "demo/prm/plain", **later_scores())
    assert FORMATS[ending](main_table(load_comparisons(results))).count("prm") == 1
