"""Label tables: lines, fields, rows, and the words and numbers in them."""

import pytest

from errors import DataError, NoInputError
from pipeline.datasets.table import (
    fields,
    header_of,
    is_split,
    lines,
    numbers,
    rows,
    split_of,
    take,
    whole_number,
)


@pytest.fixture
def written(tmp_path):
    """A function that writes bytes to a table and returns its path."""

    def write(payload):
        (tmp_path / "table.csv").write_bytes(payload)
        return tmp_path / "table.csv"

    return write


def test_lines_end_in_any_of_three_ways_and_a_byte_order_mark_is_no_text(written):
    file = written(b"\xef\xbb\xbfa\nb\r\nc\rd")
    assert list(lines(file)) == [(1, "a\n"), (2, "b\r\n"), (3, "c\r"), (4, "d")]


@pytest.mark.parametrize("line", [b"\xff", b"a\0b"])
def test_a_line_that_is_not_utf8_text_is_named(written, line):
    with pytest.raises(DataError, match=r"table\.csv, line 2: is not UTF-8"):
        list(lines(written(b"a\n" + line)))


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NoInputError, match="gone"):
        list(lines(tmp_path / "gone.csv"))


def test_a_quoted_field_may_hold_commas_and_line_ends(written):
    file = written(b'a,b\n\n"1,\n2",3\nx,y\n')
    assert list(fields(file)) == [(1, ["a", "b"]), (3, ["1,\n2", "3"]), (5, ["x", "y"])]


def test_a_quote_that_is_never_closed_is_named(written):
    with pytest.raises(DataError, match="Mend its quotes"):
        list(fields(written(b'a,b\n"1,2\n')))


def test_names_of_columns_are_lower_case_and_bare(written):
    file = written(b" Path ;Emotion\nx;y\n")
    assert header_of(file, ";") == ["path", "emotion"]
    assert list(rows(file, ["path"], delimiter=";")) == [(2, {"path": "x", "emotion": "y"})]


def test_a_column_that_is_not_there_is_named_with_its_other_names(written):
    with pytest.raises(DataError, match="needs the columns path or file, each once; it has a, b"):
        list(rows(written(b"a,b\n"), ["path", "file"]))


def test_a_column_may_be_there_only_once(written):
    with pytest.raises(DataError, match="each once"):
        list(rows(written(b"a,A\n"), ["a"]))


def test_another_delimiter_is_recognised_in_the_message(written):
    with pytest.raises(DataError, match=r"separated by ';', not by commas"):
        list(rows(written(b"a;b\n"), ["a"]))


def test_a_row_of_another_length_is_named(written):
    with pytest.raises(DataError, match="line 3: has 1 fields, the header has 2"):
        list(rows(written(b"a,b\n1,2\n3\n"), ["a"]))


def test_a_column_is_taken_out_under_the_name_it_has():
    row = {"file": "x", "label": "y"}
    assert take(row, ["path", "file"]) == "x"
    assert row == {"label": "y"}


@pytest.mark.parametrize(
    ("word", "split"),
    [("Training", "train"), (" valid", "val"), ("PrivateTest", "test"), ("N/A", None)],
)
def test_published_names_of_splits_are_known(word, split):
    assert split_of(word, "row 1") == split


def test_a_split_of_another_name_is_refused():
    with pytest.raises(DataError, match=r"row 1.*'fold3' is none of train, val, test"):
        split_of("fold3", "row 1")


def test_a_folder_may_be_named_as_a_split():
    assert is_split("Validation")
    assert not is_split("happy")


@pytest.mark.parametrize("text", ["", "-1", "1.0", "\u0661", "1" * 10])
def test_only_short_plain_digits_are_a_whole_number(text):
    assert whole_number(" 12 ", "row 1") == 12
    with pytest.raises(DataError, match=r"row 1.*needs a whole number"):
        whole_number(text, "row 1")


def test_numbers_may_be_separated_by_semicolons():
    assert numbers("1;2.5 -3", 3, "box", "row 1") == (1, 2.5, -3)
    assert numbers(" ", 3, "box", "row 1") is None


@pytest.mark.parametrize("text", ["1 2", "1 2 x", "1 2 nan", "1 2 inf", "1,5 2 3"])
def test_numbers_of_another_count_or_kind_are_refused(text):
    with pytest.raises(DataError, match=r"row 1.*box needs 3 finite numbers"):
        numbers(text, 3, "box", "row 1")
