import pytest
from pydantic import ValidationError

from contracts.files import STATUS_COLUMNS
from contracts.occlusion import DetectorScores, MAECard


def test_a_card_has_no_other_keys():
    card = {
        **{"version": 1, "params": {}, "faces": "a", "training_faces": 2, "validation_faces": 0},
        **{"history": [{"train": 1.0}], "torch": "2"},
    }
    assert MAECard(**card).history == [{"train": 1.0}]
    with pytest.raises(ValidationError, match="odd"):
        MAECard(**card, odd=1)


def test_scores_without_unseen_occluders_say_so():
    scores = DetectorScores(
        auroc_unseen=None, auroc_kinds={}, accuracy=None, precision=None, recall=None,
        flagged_bare=0.1,
    )  # fmt: skip
    assert scores.model_dump()["auroc_unseen"] is None


def test_the_columns_of_occluded_faces_are_known():
    assert STATUS_COLUMNS["occlude"] == ("status", "occluder", "occluded_share")
