"""CSV tables that read back as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import CorruptError
from store.tables import inert, inert_row, read_rows, read_table, write_table

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def as_rows(path):
    return read_table(path).rows(named=True)


def round_trip(path, columns, rows):
    """Return what both readers agree on."""
    write_table(path, columns, rows)
    found = read_rows(path)
    assert as_rows(path) == found
    return found


@given(rows=st.lists(st.fixed_dictionaries({"id": TEXT, "note": TEXT}), max_size=4))
def test_any_text_reads_back_as_it_was_written(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("table") / "t.csv"
    assert round_trip(path, ("id", "note"), rows) == rows


@given(rows=st.lists(st.fixed_dictionaries({"only": TEXT}), max_size=4))
def test_a_single_column_reads_back_even_where_it_is_empty(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("table") / "t.csv"
    assert round_trip(path, ("only",), rows) == rows


@pytest.mark.parametrize(
    "word",
    [
        'say "hi"',
        "a,b",
        "two\nlines",
        "old\rmac",
        "dos\r\n",
        "é漢😀",
        "#1",
        "NULL",
        " spaced ",
        "-1",
    ],
    ids=ascii,
)
def test_a_difficult_word_survives(tmp_path, word):
    assert round_trip(tmp_path / "t.csv", ("a", "b"), [{"a": word, "b": "x"}]) == [
        {"a": word, "b": "x"}
    ]


def test_bytes_that_are_no_text_survive_in_rows_and_are_refused_in_columns(tmp_path):
    rows = [{"a": "\udcff.jpg", "b": "x"}]
    write_table(tmp_path / "t.csv", ("a", "b"), rows)
    assert read_rows(tmp_path / "t.csv") == rows
    with pytest.raises(CorruptError, match="not UTF-8"):
        read_table(tmp_path / "t.csv")


def test_a_table_without_rows_keeps_its_columns(tmp_path):
    assert round_trip(tmp_path / "t.csv", ("id", "note"), []) == []
    assert read_table(tmp_path / "t.csv").columns == ["id", "note"]


def test_one_quoted_field_among_many_rows_changes_no_other(tmp_path):
    rows = [
        {"id": str(number), "note": "a,b" if number == 70_000 else ""} for number in range(70_002)
    ]
    assert round_trip(tmp_path / "t.csv", ("id", "note"), rows) == rows


def test_a_column_without_a_name_survives(tmp_path):
    rows = [{"id": "a", "": "0"}]
    assert round_trip(tmp_path / "t.csv", ("id", ""), rows) == rows


def test_missing_values_and_none_become_empty_fields(tmp_path):
    rows = round_trip(tmp_path / "t.csv", ("a", "b"), [{"a": None}, {"b": 3}])
    assert rows == [{"a": "", "b": ""}, {"a": "", "b": "3"}]


def test_the_file_is_utf8_with_plain_line_ends(tmp_path):
    write_table(tmp_path / "t.csv", ("id",), [{"id": "é"}])
    assert (tmp_path / "t.csv").read_bytes() == "id\né\n".encode()


@pytest.mark.parametrize("line", ["1", "1,2,3", '1,"2'], ids=["short", "long", "open quote"])
@pytest.mark.parametrize("read", [read_rows, read_table])
def test_a_damaged_line_is_named(tmp_path, line, read):
    (tmp_path / "t.csv").write_text(f"a,b\nx,y\n{line}\n")
    with pytest.raises(CorruptError, match=r"t\.csv.*line 3"):
        read(tmp_path / "t.csv")


def test_an_empty_line_in_a_single_column_is_noticed(tmp_path):
    (tmp_path / "t.csv").write_text("a\n\nb\n")
    with pytest.raises(CorruptError, match="line 2"):
        read_table(tmp_path / "t.csv")


def test_fields_that_moved_to_the_next_line_are_noticed(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,c\n1,2\n3,4,5,6\n")
    with pytest.raises(CorruptError, match="line 2"):
        read_table(tmp_path / "t.csv")


def test_only_the_columns_wanted_are_kept(tmp_path):
    write_table(tmp_path / "t.csv", ["a", "b", "c"], [{"a": 1, "b": 2, "c": 3}])
    assert read_table(tmp_path / "t.csv", ["c", "a"]).rows(named=True) == [{"c": "3", "a": "1"}]


@pytest.mark.parametrize("word", ["plain", "quo,ted"])
def test_a_column_that_is_not_there_is_named(tmp_path, word):
    write_table(tmp_path / "t.csv", ["a"], [{"a": word}])
    with pytest.raises(CorruptError, match="other"):
        read_table(tmp_path / "t.csv", ["other"])


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("\t=1+1", "\\t=1+1"),
        (" =HYPERLINK(1)", "' =HYPERLINK(1)"),
        ("@a", "'@a"),
        ("-0.5", "-0.5"),
        ("+1e-5", "+1e-5"),
        ("-a1", "'-a1"),
        ("a\x1b[0m", "a\\x1b[0m"),
        ("Anna-Lena", "Anna-Lena"),
        ("", ""),
    ],
)
def test_a_text_for_other_programs_is_no_formula_and_no_order(text, written):
    assert inert(text) == written


def test_a_row_for_other_programs_has_inert_heads_and_texts_and_its_numbers():
    assert inert_row({"=a": "=b", "n": -1.5, "m": None}) == {"'=a": "'=b", "n": -1.5, "m": None}
