import pytest

from anatomy.action_units import ACTION_UNITS, CODEBOOKS
from anatomy.expressions import EXPRESSIONS, SYNONYMS, expression_id
from errors import DataError


@pytest.mark.parametrize("word", ["Happiness", "HAPPINESS", "happy", " joy "])
def test_words_for_one_expression_give_one_id(word):
    assert expression_id(word, "here") == 1


def test_every_synonym_is_known():
    assert {EXPRESSIONS[expression_id(word, "here")].lower() for word in SYNONYMS} <= {
        name.lower() for name in EXPRESSIONS
    }


def test_an_eighth_expression_is_refused_with_its_place():
    with pytest.raises(
        DataError, match=r"labels\.csv, line 7: label 'contempt' is none of neutral"
    ):
        expression_id("contempt", "labels.csv, line 7")


def test_a_misspelt_expression_is_guessed():
    with pytest.raises(DataError, match="Did you mean 'happiness'"):
        expression_id("hapiness", "here")


def test_bare_digits_are_refused_because_every_dataset_counts_differently():
    with pytest.raises(DataError, match="label_map"):
        expression_id("3", "here")


@pytest.mark.parametrize("name", CODEBOOKS)
def test_a_codebook_covers_the_expressions_with_known_action_units(name):
    book = CODEBOOKS[name]
    assert list(book.expressions) == list(EXPRESSIONS)
    assert {unit for units in book.expressions.values() for unit in units} <= set(book.units)


def test_there_are_twenty_action_units():
    assert len(ACTION_UNITS) == 20
