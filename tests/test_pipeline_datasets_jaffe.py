"""JAFFE: everything is in the names."""

from pipeline.datasets.jaffe import read_jaffe
from pipeline.datasets.reader import LeftOut
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import jaffe, put


def test_names_tell_expression_and_person(tmp_path):
    found = [
        (EXPRESSIONS[one.expression], one.person) for one in read_jaffe(jaffe(tmp_path), {}, BASIC7)
    ]
    assert found == [("Anger", "KA"), ("Fear", "KA"), ("Neutral", "YM")]


def test_other_names_are_left_out(tmp_path):
    assert list(read_jaffe(put(tmp_path, "cover.png"), {}, BASIC7)) == [
        LeftOut("cover.png", "no name of JAFFE")
    ]
