"""CK+: sequences from a neutral face to the peak of an expression."""

import pytest

from errors import DataError, NoInputError
from pipeline.datasets.ck_plus import read_ck_plus
from pipeline.datasets.reader import LeftOut
from store.records import Sample
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import ck_plus, put


def outcomes(root, **options):
    return [
        one.reason if isinstance(one, LeftOut) else EXPRESSIONS[one.expression]
        for one in read_ck_plus(root, options, BASIC7)
    ]


def test_the_first_frame_is_neutral_and_the_last_three_show_the_expression(tmp_path):
    between, unlabelled = ["between neutral and peak"] * 2, ["sequence without a label"] * 3
    assert outcomes(ck_plus(tmp_path)) == [
        *("Neutral", *between, "Disgust", "Disgust", "Disgust"),
        *("Neutral", "contempt", "contempt", "contempt"),
        *unlabelled,
    ]


def test_options_choose_the_frames(tmp_path):
    assert outcomes(ck_plus(tmp_path), peak=1, neutral=False)[:6] == [
        *("first of a sequence", *["between neutral and peak"] * 4, "Disgust"),
    ]


def test_a_sequence_shorter_than_its_peak_keeps_a_neutral_frame(tmp_path):
    assert outcomes(ck_plus(tmp_path), peak=99)[:2] == ["Neutral", "Disgust"]


def test_the_person_is_the_folder(tmp_path):
    found = [one for one in read_ck_plus(ck_plus(tmp_path), {}, BASIC7) if isinstance(one, Sample)]
    assert {one.person for one in found} == {"S005"}
    assert {one.attributes["sequence"] for one in found} == {"001", "002"}


@pytest.mark.parametrize("text", ["", "8.0", "1.5", "nan", "anger"])
def test_a_label_that_is_no_class_is_named_by_its_file(tmp_path, text):
    name = "Emotion/S005/001/S005_001_00000006_emotion.txt"
    put(ck_plus(tmp_path), name, text=text)
    with pytest.raises(DataError, match=r"00000006_emotion\.txt: needs a class 0 to 7"):
        list(read_ck_plus(tmp_path, {}, BASIC7))


@pytest.mark.parametrize("there", ["cohn-kanade-images", "Emotion"])
def test_what_is_not_unpacked_is_named(tmp_path, there):
    (tmp_path / there).mkdir()
    with pytest.raises(NoInputError, match="Unpack the zip there"):
        list(read_ck_plus(tmp_path, {}, BASIC7))
