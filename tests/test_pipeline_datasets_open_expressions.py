"""The open set muxspace/facial_expressions: its legend, and what it leaves out."""

import pytest

from errors import DataError
from pipeline.datasets.open_expressions import read_open_expressions
from pipeline.datasets.reader import LeftOut
from store.records import Sample
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import open_expressions, put


def words(found):
    return [EXPRESSIONS[one.expression] for one in found if isinstance(one, Sample)]


def test_words_of_the_open_set_come_in_any_case(tmp_path):
    found = list(read_open_expressions(open_expressions(tmp_path), {}, BASIC7))
    assert words(found) == ["Happiness", "Happiness", "Sadness"]


def test_what_the_open_set_lists_twice_is_settled(tmp_path):
    found = list(read_open_expressions(open_expressions(tmp_path), {}, BASIC7))
    left = [(one.path, one.reason) for one in found if isinstance(one, LeftOut)]
    assert left == [
        ("images/A_Person_0001.jpg", "listed before"),
        ("images/B_Both_0001.jpg", "labels that differ"),
        ("images/B_Both_0001.jpg", "labels that differ"),
        ("images/C_Sure_0001.jpg", "contempt"),
    ]


def test_contempt_and_another_word_for_one_picture_differ(tmp_path):
    put(tmp_path, "data/legend.csv", text="image,emotion\na.jpg,contempt\na.jpg,fear\n")
    reasons = [one.reason for one in read_open_expressions(tmp_path, {}, BASIC7)]
    assert reasons == ["contempt", "labels that differ"]


def test_persons_of_the_open_set_are_in_the_names(tmp_path):
    found = list(read_open_expressions(open_expressions(tmp_path), {}, BASIC7))
    persons = [one.person for one in found if isinstance(one, Sample)]
    assert persons == ["a_person", "a_person", None]
    assert {one.split for one in found} == {None}


@pytest.mark.parametrize("name", ["../x.jpg", "/x.jpg", "..", "a\\b.jpg"])
def test_a_name_in_the_legend_cannot_leave_the_folder(tmp_path, name):
    put(tmp_path, "data/legend.csv", text=f"user.id,image,emotion\nu,{name},fear\n")
    with pytest.raises(DataError, match="line 2"):
        list(read_open_expressions(tmp_path, {}, BASIC7))
