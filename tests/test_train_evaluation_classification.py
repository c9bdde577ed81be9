import numpy as np
import pytest

from contracts.scores import Majority, TrainMajority
from train.evaluation.classification import calibration, chance_level, classification


def test_rows_of_the_confusion_are_the_truth():
    found = classification(np.array([1, 1, 2]), np.array([1, 2, 2]))
    assert found["confusion"][1][2] == 1
    assert found["confusion"][2][1] == 0
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["balanced_accuracy"] == pytest.approx(0.75)
    assert found["recall"]["Fear"] is None


def test_f1_counts_a_class_that_is_only_called():
    # Happiness: 1 right of 2, precise: 2/3. Surprise: right, half of its calls wrong: 2/3. Fear: 0.
    found = classification(np.array([1, 1, 2]), np.array([1, 2, 2]))
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3) / 2)
    found = classification(np.array([1, 2]), np.array([1, 3]))
    assert found["macro_f1"] == pytest.approx(1 / 3)


def sure(confidences):
    """Probabilities of faces called Neutral with these confidences."""
    rows = np.zeros((len(confidences), 7))
    rows[:, 0], rows[:, 1] = confidences, 1 - np.array(confidences)
    return rows


def test_a_model_that_is_as_often_right_as_it_is_sure_is_calibrated():
    found = calibration(sure([0.75] * 4), np.array([0, 0, 0, 1]), 15)
    assert found.ece == pytest.approx(0)


def test_the_calibration_error_weighs_bins_by_their_faces():
    # Three faces at .9, all right; one at .6, wrong: (3 * .1 + 1 * .6) / 4.
    found = calibration(sure([0.9, 0.9, 0.9, 0.6]), np.array([0, 0, 0, 1]), 10)
    assert found.ece == pytest.approx(0.225)
    assert [one.n for one in found.bins] == [0, 0, 0, 0, 0, 1, 0, 0, 3, 0]
    assert found.bins[8].confidence == pytest.approx(0.9)
    assert found.bins[8].accuracy == 1
    assert found.bins[0].accuracy is None


def test_full_confidence_falls_into_the_last_bin():
    assert calibration(sure([1.0]), np.array([0]), 15).bins[-1].n == 1


def test_the_chance_level_is_the_most_frequent_answer():
    found = chance_level(np.array([1, 1, 1, 2]), np.array([2, 2, 1, 2, 2]))
    assert found.majority == Majority(expression="Happiness", share=0.75)
    assert found.train_majority == TrainMajority(expression="Surprise", share=0.8, accuracy=0.25)
    assert found.uniform == pytest.approx(1 / 7)


def test_unknown_training_faces_have_no_majority():
    assert chance_level(np.array([1]), None).train_majority is None
