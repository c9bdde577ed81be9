import json

import pytest
from pydantic import ValidationError

from benchmarks.made_results import optional_scores, some_scores
from contracts.files import read_contract
from contracts.scores import BASELINES, Baselines, Scores
from errors import DataError


def made_scores():
    return some_scores("demo", "cam", "plain") | optional_scores()


def test_scores_come_back_as_they_were_written(tmp_path):
    scores = Scores.model_validate(made_scores())
    (tmp_path / "scores.json").write_text(scores.model_dump_json())
    assert read_contract(Scores, tmp_path / "scores.json", "") == scores


def test_what_was_read_cannot_be_changed():
    scores = Scores.model_validate(made_scores())
    with pytest.raises(ValidationError, match="frozen"):
        scores.accuracy = 1.0


def test_layers_go_from_shallow_to_deep_by_number():
    layers = {name: made_scores()["cam_cos"] for name in ("10", "9", "1")}
    scores = Scores.model_validate(made_scores() | {"att_cos": layers})
    assert scores.layers == ["1", "9", "10"]


def test_every_baseline_has_a_name_in_print():
    assert list(BASELINES) == list(Baselines.model_fields)


def test_a_score_that_is_no_number_is_refused(tmp_path):
    file = tmp_path / "scores.json"
    file.write_text(json.dumps(some_scores("demo", "cam", "plain") | {"accuracy": float("nan")}))
    with pytest.raises(DataError, match="accuracy"):
        read_contract(Scores, file, "Evaluate again.")
