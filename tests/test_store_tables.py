"""CSV tables that read back as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import CorruptError
from store.tables import read_table, write_table

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def round_trip(path, columns, rows):
    write_table(path, columns, rows)
    return read_table(path)


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
        "\udcff.jpg",
        " spaced ",
        "-1",
    ],
    ids=ascii,
)
def test_a_difficult_word_survives(tmp_path, word):
    assert round_trip(tmp_path / "t.csv", ("a", "b"), [{"a": word, "b": "x"}]) == [
        {"a": word, "b": "x"}
    ]


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
def test_a_damaged_line_is_named(tmp_path, line):
    (tmp_path / "t.csv").write_text(f"a,b\nx,y\n{line}\n")
    with pytest.raises(CorruptError, match=r"t\.csv.*line 3"):
        read_table(tmp_path / "t.csv")


def test_only_the_columns_wanted_are_kept(tmp_path):
    write_table(tmp_path / "t.csv", ["a", "b", "c"], [{"a": 1, "b": 2, "c": 3}])
    assert read_table(tmp_path / "t.csv", ["c", "a"]) == [{"c": "3", "a": "1"}]
