"""ExpW: several labelled faces per picture."""

import pytest

from errors import DataError, NoInputError
from pipeline.datasets.expw import read_expw
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import expw, put


@pytest.mark.parametrize("top", ["data/", ""])
def test_every_face_is_a_sample_and_ids_of_one_picture_have_the_box(tmp_path, top):
    one, other, third = read_expw(expw(tmp_path, top), {}, BASIC7)
    assert one.id == f"{top}image/origin/a_1.jpg#20,10,30,50"
    assert (one.box, other.box) == ((20, 10, 30, 50), (120, 10, 30, 50))
    assert one.path == other.path == f"{top}image/origin/a_1.jpg"
    assert third.id == f"{top}image/origin/b 2.jpg"
    assert [EXPRESSIONS[one.expression] for one in (one, other, third)] == [
        *("Happiness", "Anger", "Neutral"),
    ]
    assert one.attributes == {"confidence": "42.5"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.jpg 0 1 2 3 4 9.9", "needs a name, a face"),
        ("a.jpg 0 1 2 3 4 9.9 7", "class 7 is none of 0 to 6"),
        ("a.jpg 0 1 2 x 4 9.9 6", "box needs 4 finite numbers"),
        ("../a.jpg 0 1 2 3 4 9.9 6", "does not stay inside"),
    ],
)
def test_a_line_that_cannot_be_accepted_is_named(tmp_path, line, message):
    put(expw(tmp_path), "data/label/label.lst", text=line + "\n")
    with pytest.raises(DataError, match=f"line 1.*{message}"):
        list(read_expw(tmp_path, {}, BASIC7))


def test_without_pictures_it_says_so(tmp_path):
    put(tmp_path, "label.lst")
    with pytest.raises(NoInputError, match="Unpack ExpW whole"):
        list(read_expw(tmp_path, {}, BASIC7))
