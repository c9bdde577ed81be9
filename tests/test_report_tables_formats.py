"""Tables as files for other programs."""

import csv
import io

import pytest

from benchmarks.made_results import optional_scores, put
from report.reading.results import load_studies
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
    assert FORMATS[ending](main_table(load_studies(tmp_path))).count("prm") == 1


NAMES = (
    "=cmd|' /C calc'!A0", "\t=1+1", "\r=1+1", " @SUM(A1)", "-2+cmd", "+A1", "\uff1d1",
    "a\x1b]0;t\x07", "![x](http://a.b/c.png)", "a\n| b |", "[20, 40)", "*", "\ud800",
)  # fmt: skip
HOSTILE = make_table(
    "h",
    [Column(NAMES[0], name, (name, "[1, 2)")) for name in NAMES],
    text_columns=len(NAMES),
)


@pytest.mark.parametrize("ending", FORMATS)
def test_no_control_character_of_a_name_is_left_in_a_table(ending):
    text = FORMATS[ending](HOSTILE)
    assert all(line.isprintable() for line in text.split("\n"))
    assert text.encode()


def test_no_cell_and_no_head_of_a_csv_is_a_formula():
    cells = [cell for row in csv.reader(io.StringIO(as_csv(HOSTILE))) for cell in row]
    assert len(cells) == 3 * len(NAMES)
    assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@", "\uff1d"))]


def test_numbers_of_a_csv_stay_numbers():
    cells = ("−0.500", "+0.012", "−0.10 to 0.20", "−.5", "1e-05", "42")
    table = make_table("n", [Column("", "mean", cells)], text_columns=0)
    rows = as_csv(table).splitlines()[1:]
    assert rows == ["-0.500", "+0.012", "-0.10 to 0.20", "-.5", "1e-05", "42"]


def test_markdown_shows_no_picture_and_keeps_its_rows():
    text = as_markdown(HOSTILE)
    assert len(text.splitlines()) == 4
    assert "![" not in text
    assert "](" not in text.replace("\\](", "")


def test_no_row_of_a_latex_table_begins_like_an_argument_of_the_line_before():
    assert {line[0] for line in as_latex(HOSTILE).splitlines()} <= set("\\%{=")
    assert r"{[}20, 40)" in as_latex(HOSTILE)
    assert r"& {*} &" in as_latex(HOSTILE)
