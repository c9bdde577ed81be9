"""How long training takes, very roughly."""

import pytest

from tests.networks import scratch
from train.duration import FACES_PER_SECOND, seconds_per_face, training_time
from train.params import RunNumbers


@pytest.fixture
def params():
    return scratch().train_of("demo", "cam").model_copy(update={"epochs": 10})


def of(method, params):
    return RunNumbers(method, "plain", params, None)


def test_a_face_costs_its_epochs_and_its_area(params):
    small = params.model_copy(update={"backbone": "resnet18", "epochs": 10, "image_px": 64})
    large = small.model_copy(update={"epochs": 20, "image_px": 128})
    assert seconds_per_face(small) == 10 / FACES_PER_SECOND["resnet18"]
    assert seconds_per_face(large) == 8 * seconds_per_face(small)


def test_minutes_and_days_are_told_for_every_run_together(params):
    shipped = params.model_copy(update={"backbone": "resnet18", "epochs": 10, "image_px": 64})
    assert training_time([of("cam", shipped)], 2) == (
        "Training 2 runs: very roughly 6 minutes per 1,000 training faces on two CPU cores; "
        "a GPU is much faster."
    )
    published = shipped.model_copy(update={"backbone": "resnet50", "epochs": 100, "image_px": 224})
    assert "Training 10 runs: very roughly 6 days" in training_time(
        [of(name, published) for name in "abcde"], 2
    )


def test_a_backbone_that_was_not_measured_is_said_to_be_one(params):
    other = params.model_copy(update={"backbone": "deit_mini"})
    assert training_time([of("ts_cam", other)], 1).endswith("how long that takes was not measured.")
    both = training_time([of("ts_cam", other), of("cam", params)], 1)
    assert "not counted, for their backbones were not measured: ts_cam" in both
    assert "minutes per 1,000" in both
