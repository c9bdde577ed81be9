import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from measures.detection import auroc, detected


def test_auroc_is_that_of_scikit_learn_with_ties():
    rng = np.random.default_rng(0)
    positive = rng.random(500) < 0.3
    scores = np.round(rng.normal(size=500) + positive, 1)
    assert auroc(scores, positive) == pytest.approx(roc_auc_score(positive, scores))


def test_without_a_pair_there_is_none():
    assert auroc(np.ones(3), np.ones(3, bool)) is None


def test_what_was_called_and_what_is():
    called, there = np.array([1, 1, 0, 0], bool), np.array([1, 0, 0, 1], bool)
    assert detected(called, there) == (0.5, 0.5, 0.5)
    assert detected(np.zeros(4, bool), there).precision is None
    assert detected(called, np.zeros(4, bool)).recall is None
