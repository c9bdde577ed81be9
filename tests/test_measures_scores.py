import numpy as np

from benchmarks.made_faces import BOOK, made_faces
from measures.faces import concatenate_faces
from measures.scores import ScoreSettings, compute_scores

SETTINGS = ScoreSettings(BOOK, 5, 3, 20, 0, 8, "blur")


def test_folds_are_scored_once_together_and_not_averaged():
    few, many = made_faces([1, 2], [2, 2]), made_faces([1, 1, 1, 1, 2, 2])
    found = compute_scores(concatenate_faces([few, many]), SETTINGS)
    assert found["accuracy"] == 7 / 8
    assert found["balanced_accuracy"] == (4 / 5 + 1) / 2
    assert found["n"] == 8


def test_a_person_of_two_folds_is_one_person():
    persons = {"persons_N": np.array(["a", "b"])}
    both = concatenate_faces([made_faces([1, 2], **persons), made_faces([2, 1], **persons)])
    assert compute_scores(both, SETTINGS)["intervals"].units == 2
