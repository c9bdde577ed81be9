"""Tables as files for other programs."""

import csv
import io

import pytest

from benchmarks.made_results import optional_scores, put
from report.reading.results import load_comparisons
from report.tables.formats import FORMATS, as_csv, as_latex, as_markdown
from report.tables.run_tables import main_table
from report.tables.table import Column, make_table

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
def test_every_format_takes_the_widest_table(tmp_path, ending):
    put(tmp_path, "demo/prm/plain", **optional_scores())
    assert FORMATS[ending](main_table(load_comparisons(tmp_path))).count("prm") == 1
