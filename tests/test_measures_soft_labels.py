"""Scores against the shares of several people's labels."""

import numpy as np
import pytest

from benchmarks.made_faces import made_faces
from contracts.scores import Intervals
from measures.bootstrap import compared_scores, intervals
from measures.soft_labels import soft_faces, soft_scores

NOBODY = [np.nan] * 7


def shares(*rows):
    """Shares (N, 7) of rows of class -> share; None: unknown."""
    made = np.zeros((len(rows), 7), np.float32)
    for place, row in enumerate(rows):
        made[place] = NOBODY if row is None else [row.get(number, 0) for number in range(7)]
    return made


def probabilities(*rows):
    return np.nan_to_num(shares(*rows))


def voted(**changes):
    """Four faces: all agree, six of ten, a tie, nobody."""
    given = {
        "labels": [1, 2, 3, 4],
        "annotated_NV": shares({1: 1}, {2: 0.6, 3: 0.4}, {3: 0.5, 4: 0.5}, None),
        "probabilities_NV": probabilities(
            {1: 0.8, 0: 0.2}, {3: 0.7, 2: 0.3}, {4: 0.6, 3: 0.4}, {4: 1}
        ),
    }
    return made_faces(**(given | changes))


def test_every_score_is_the_mean_over_faces_whose_shares_are_known():
    found = soft_scores(voted())
    assert (found.known, found.n, found.tied, found.outside) == (3, 4, 1, 0)
    entropies = [
        -np.log(0.8),
        -(0.6 * np.log(0.3) + 0.4 * np.log(0.7)),
        -(0.5 * np.log(0.4) + 0.5 * np.log(0.6)),
    ]
    assert found.cross_entropy == pytest.approx(np.mean(entropies), abs=1e-6)
    floors = [0, -(0.6 * np.log(0.6) + 0.4 * np.log(0.4)), np.log(2)]
    assert found.floor == pytest.approx(np.mean(floors), abs=1e-6)
    mean = np.array([1, 0.6, 0.9, 0.5]) / 3
    assert found.constant == pytest.approx(-(mean * np.log(mean)).sum(), abs=1e-6)
    assert found.accuracy == pytest.approx(1 / 3)
    assert found.majority == pytest.approx(2 / 3)  # the tie counts, the label 3 or not
    assert found.annotator == pytest.approx((1 + 0.4 + 0.5) / 3, abs=1e-6)
    assert found.ceiling == pytest.approx((1 + 0.6 + 0.5) / 3, abs=1e-6)
    assert found.constant_annotator == pytest.approx(1 / 3, abs=1e-6)


def test_the_shares_themselves_reach_the_floor_and_the_ceiling():
    given = shares({1: 1}, {2: 0.6, 3: 0.4}, {3: 0.7, 4: 0.3}, {0: 0.9, 5: 0.1})
    found = soft_scores(voted(annotated_NV=given, probabilities_NV=given))
    assert found.cross_entropy == pytest.approx(found.floor, abs=1e-6)
    assert (found.annotator, found.majority) == (pytest.approx(found.ceiling), 1)


def test_a_probability_of_zero_costs_much_and_not_infinitely():
    found = soft_scores(voted(probabilities_NV=probabilities(*[{0: 1}] * 4)))
    assert 20 < found.cross_entropy < 30


def test_labels_for_classes_that_are_not_told_apart_are_taken_out_and_said():
    given = shares({1: 0.5}, {2: 0.3, 3: 0.3}, {}, None)
    found = soft_scores(voted(annotated_NV=given))
    assert found.known == 2
    assert found.outside == pytest.approx((0.5 + 0.4) / 2)
    assert found.ceiling == pytest.approx((1 + 0.5) / 2)


def test_a_dataset_without_shares_has_no_such_scores():
    assert soft_scores(made_faces([1, 2])) is None
    assert soft_faces(made_faces([1, 2])) is None
    assert soft_scores(voted(annotated_NV=shares(*[None] * 4))) is None


def test_intervals_are_over_the_faces_with_shares():
    faces = voted()
    scores = compared_scores(faces)
    assert scores["soft_annotator"].counted_N.tolist() == [True, True, True, False]
    found = intervals(scores, faces.labels_N, faces.persons_N.tolist(), 500, 0)
    assert isinstance(found, Intervals)
    low, high = found.soft_cross_entropy
    assert low < soft_scores(faces).cross_entropy < high
    bare = made_faces([1, 2])
    none = intervals(compared_scores(bare), bare.labels_N, bare.persons_N.tolist(), 20, 0)
    assert none.soft_annotator is None
