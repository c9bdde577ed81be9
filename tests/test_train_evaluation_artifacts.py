import numpy as np

from train.evaluation.artifacts import chosen_faces


def test_mistakes_follow_the_first_faces_of_every_class_and_none_comes_twice():
    labels = np.array([0, 1, 0, 1, 1, 6])
    wrong = np.array([False, True, True, False, True, False])
    places, first = chosen_faces(labels, wrong, per_class=1)
    assert places.tolist() == [0, 1, 5, 2]
    assert first.tolist() == [True, True, True, False]


def test_without_mistakes_only_the_first_are_kept():
    places, first = chosen_faces(np.array([3, 3, 2]), np.zeros(3, bool), per_class=2)
    assert places.tolist() == [2, 0, 1]
    assert first.all()


def test_no_faces_at_all_can_be_asked_for():
    places, first = chosen_faces(np.array([3, 3, 2]), np.ones(3, bool), per_class=0)
    assert len(places) == len(first) == 0
