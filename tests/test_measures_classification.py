import warnings

import numpy as np
import pytest
import sklearn.metrics
import torch
from torchmetrics.classification import MulticlassCalibrationError

from contracts.scores import Majority, TrainMajority
from measures.classification import calibration, chance_level, classification
from tests.basic7 import EXPRESSIONS


def test_rows_of_the_confusion_are_the_truth():
    found = classification(np.array([1, 1, 2]), np.array([1, 2, 2]), EXPRESSIONS)
    assert found["confusion"][1][2] == 1
    assert found["confusion"][2][1] == 0
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["balanced_accuracy"] == pytest.approx(0.75)
    assert found["recall"]["Fear"] is None


def test_f1_counts_a_class_that_is_only_called():
    # Happiness: 1 right of 2, precise: 2/3. Surprise: right, half of its calls wrong: 2/3. Fear: 0.
    found = classification(np.array([1, 1, 2]), np.array([1, 2, 2]), EXPRESSIONS)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3) / 2)
    found = classification(np.array([1, 2]), np.array([1, 3]), EXPRESSIONS)
    assert found["macro_f1"] == pytest.approx(1 / 3)


ALL = range(7)
CASES = {
    "all classes": (ALL, ALL),
    "a class that never occurs": ([0, 1, 2, 4, 5, 6], ALL),
    "a class that is never called": (ALL, [0, 1, 2, 4, 5, 6]),
    "a class that neither occurs nor is called": ([0, 1, 2, 4, 6], [0, 1, 2, 4, 6]),
    "two classes that share nothing": ([1], [2]),
    "one class": ([5], [5]),
}
"""Name -> the classes of the labels, those of the predictions."""


@pytest.fixture(params=CASES)
def answers(request):
    """Random labels and predictions of 200 faces, as described by a case."""
    rng = np.random.default_rng(7)
    return tuple(rng.choice(list(classes), 200) for classes in CASES[request.param])


def test_accuracies_and_f1_are_those_of_scikit_learn(answers):
    found = classification(*answers, EXPRESSIONS)
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        balanced = sklearn.metrics.balanced_accuracy_score(*answers)
    assert found["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(*answers))
    assert found["balanced_accuracy"] == pytest.approx(balanced)
    f1 = sklearn.metrics.f1_score(*answers, average="macro")
    assert found["macro_f1"] == pytest.approx(f1)


def test_confusion_and_recall_are_those_of_scikit_learn(answers):
    found = classification(*answers, EXPRESSIONS)
    expected = sklearn.metrics.confusion_matrix(*answers, labels=ALL)
    np.testing.assert_array_equal(found["confusion"], expected)
    recall = sklearn.metrics.recall_score(
        *answers, labels=ALL, average=None, zero_division=np.nan
    ).tolist()
    known = {name: value for name, value in zip(EXPRESSIONS, recall, strict=True) if value == value}
    assert {name: one for name, one in found["recall"].items() if one is not None} == known


@pytest.mark.parametrize("bins", [1, 10, 15])
@pytest.mark.parametrize("classes", [ALL, [0, 3], [6]])
def test_the_calibration_error_is_that_of_torchmetrics(bins, classes):
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.full(7, 0.3), 300)
    labels = rng.choice(list(classes), 300)
    theirs = MulticlassCalibrationError(7, n_bins=bins, norm="l1")
    expected = theirs(torch.from_numpy(probabilities), torch.from_numpy(labels))
    found = calibration(probabilities, labels, bins)
    assert found.ece == pytest.approx(float(expected), abs=1e-5)


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
    found = chance_level(np.array([1, 1, 1, 2]), np.array([2, 2, 1, 2, 2]), EXPRESSIONS)
    assert found.majority == Majority(expression="Happiness", share=0.75)
    assert found.train_majority == TrainMajority(expression="Surprise", share=0.8, accuracy=0.25)
    assert found.uniform == pytest.approx(1 / 7)


def test_unknown_training_faces_have_no_majority():
    assert chance_level(np.array([1]), None, EXPRESSIONS).train_majority is None
