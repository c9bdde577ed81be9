"""A label set: words for its classes, and what is no label set."""

import pytest
from pydantic import ValidationError

from contracts.labels import LabelSet
from errors import DataError, UsageError
from labels.reading import read_labels
from tests.basic7 import BASIC7, EXPRESSIONS


def made(**changes):
    """Return a set of two classes, but for what is changed in the second."""
    plain = {"abbreviation": "x", "colour": "#102030"}
    classes = [{"name": "no pain", **plain}, {"name": "pain", **plain, **changes}]
    return LabelSet.model_validate({"name": "made", "classes": classes})


@pytest.mark.parametrize("word", ["Happiness", "HAPPINESS", "happy", " joy "])
def test_words_for_one_class_give_one_id(word):
    assert BASIC7.id_or_reason(word, "here") == 1
    assert BASIC7.named(word) == "Happiness"


def test_every_word_is_known():
    assert {BASIC7.named(word) for word in BASIC7.words} == {*EXPRESSIONS}


def test_a_word_that_is_left_out_is_the_reason():
    assert BASIC7.id_or_reason(" Contempt", "here") == "contempt"


def test_a_strange_word_is_refused_with_its_place():
    with pytest.raises(DataError, match=r"labels\.csv, line 7: label 'sleepy' is none of neutral"):
        BASIC7.id_or_reason("sleepy", "labels.csv, line 7")


def test_a_misspelt_word_is_guessed():
    with pytest.raises(DataError, match="Did you mean 'happiness'"):
        BASIC7.id_or_reason("hapiness", "here")
    with pytest.raises(UsageError, match="Did you mean 'happiness'"):
        BASIC7.named("hapiness")


def test_bare_digits_are_refused_because_every_dataset_counts_differently():
    with pytest.raises(DataError, match="label_map"):
        BASIC7.id_or_reason("3", "here")


def test_ids_are_places():
    assert BASIC7.ids(["Sadness", "Neutral"]) == [6, 0]
    assert len(BASIC7) == 7


def test_a_manifest_brings_the_set_back_with_what_is_not_default():
    assert LabelSet.model_validate(BASIC7.as_json()) == BASIC7
    assert BASIC7.as_json()["classes"][1]["aus"] == [{"au": 6}, {"au": 12}, {"au": 25}]


def test_a_codebook_draws_the_units_of_the_class_or_its_own():
    disgust = BASIC7.classes[5]
    found = [[unit.au for unit in disgust.units_in(name)] for name in ("published", "corrected")]
    assert found == [[9, 5, 16, 17, 25, 26], [9, 10, 16, 17, 25, 26]]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "No pain"}, "the word 'no pain' stands for two classes"),
        ({"synonyms": ["no pain"]}, "the word 'no pain' stands for two classes"),
        ({"synonyms": ["Hurt"]}, "the word 'Hurt' is not in lower case"),
        ({"aus": [4, 4]}, "names an action unit twice"),
        ({"aus": [{"au": 4, "side": "top"}]}, "Input should be 'both', 'left', 'right' or 'act"),
        ({"aus": [{"au": 4, "weight": 0}]}, "greater than 0"),
        ({"aus": 4}, "valid tuple"),
        ({"colour": "red"}, "pattern"),
        ({"name": "a:b"}, "pattern"),
    ],
)
def test_what_is_wrong_is_named(changes, why):
    with pytest.raises(ValidationError, match=why):
        made(**changes)


def test_what_two_sets_have_in_common_is_matched_by_name():
    basic8 = read_labels("basic8")
    assert BASIC7.common(basic8) is BASIC7
    assert basic8.common(BASIC7).names == EXPRESSIONS


def test_sets_with_one_class_in_common_are_refused():
    with pytest.raises(UsageError, match="fewer than two classes in common with basic7"):
        made().common(BASIC7)
    with pytest.raises(UsageError, match="fewer than two"):  # happy is a word of Positive
        BASIC7.common(read_labels("valence3"))


def test_one_class_is_none():
    with pytest.raises(ValidationError, match="at least 2 items"):
        LabelSet.model_validate({"name": "made", "classes": BASIC7.as_json()["classes"][:1]})
