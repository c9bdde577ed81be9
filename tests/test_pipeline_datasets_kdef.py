"""KDEF: everything is in the names."""

from pipeline.datasets.kdef import read_kdef
from pipeline.datasets.reader import LeftOut
from store.records import Sample
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import kdef


def test_names_tell_expression_person_session_and_angle(tmp_path):
    samples = [one for one in read_kdef(kdef(tmp_path), {}, BASIC7) if isinstance(one, Sample)]
    assert [(EXPRESSIONS[one.expression], one.person) for one in samples] == [
        *(("Anger", "F01"), ("Fear", "M02"), ("Surprise", "F01")),
    ]
    assert samples[0].attributes == {"session": "A", "angle": "full left"}


def test_other_names_are_left_out(tmp_path):
    left = [one for one in read_kdef(kdef(tmp_path), {}, BASIC7) if isinstance(one, LeftOut)]
    assert left == [LeftOut("AM02/notes.jpg", "no name of KDEF")]
