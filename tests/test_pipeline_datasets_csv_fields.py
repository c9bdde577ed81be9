"""Fields of a row of a csv dataset's table."""

import pytest

from errors import DataError
from pipeline.datasets.csv_columns import ColumnOptions, find_columns
from pipeline.datasets.csv_fields import box_of, numbers_of, path_of, person_of


def test_words_for_unknown_are_no_person():
    assert [person_of(word) for word in ("", " NA", "none", " p1 ")] == [None, None, None, "p1"]


def test_an_absolute_path_below_the_folder_becomes_relative(tmp_path):
    assert path_of(tmp_path, f"{tmp_path}/b/a.jpg", "line 2") == "b/a.jpg"
    with pytest.raises(DataError, match=r"line 2.*lies outside"):
        path_of(tmp_path, "/elsewhere/a.jpg", "line 2")


def test_two_corners_become_a_corner_and_a_size():
    columns = find_columns(["file", "label", "x0", "y0", "x1", "y1"], ColumnOptions(), True)
    row = dict(zip(("x0", "y0", "x1", "y1"), ("10", "20", "40", "80"), strict=True))
    assert box_of(row, columns, "line 2") == (10, 20, 30, 60)


def test_a_field_of_words_for_unknown_has_no_numbers():
    assert numbers_of("NA na", 2, "box", "line 2") is None
    assert numbers_of("1;2", 2, "box", "line 2") == (1, 2)
