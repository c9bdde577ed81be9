import pytest
from pydantic import ValidationError

from benchmarks.made_results import some_valence_arousal
from contracts.files import VALENCE_AROUSAL_COLUMNS
from contracts.valence_arousal import ValenceArousalScores


def test_scores_come_back_as_they_were_written():
    scores = ValenceArousalScores.model_validate(some_valence_arousal())
    assert ValenceArousalScores.model_validate_json(scores.model_dump_json()) == scores


def test_both_dimensions_have_the_names_of_the_dataset_s_columns():
    scores = ValenceArousalScores.model_validate(some_valence_arousal())
    assert tuple(scores.dimensions()) == VALENCE_AROUSAL_COLUMNS
    assert scores.dimensions()["arousal"] == scores.arousal


def test_an_error_is_never_undefined():
    made = some_valence_arousal()
    with pytest.raises(ValidationError, match="rmse"):
        ValenceArousalScores.model_validate(made | {"valence": made["valence"] | {"rmse": None}})
