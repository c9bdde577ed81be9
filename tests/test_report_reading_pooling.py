"""Folds of one seed, scored once together."""

import numpy as np
import pytest

from benchmarks.made_faces import made_faces
from benchmarks.made_results import put
from contracts.scores import LearningCurve
from report.reading.pooling import mean_curve
from report.reading.results import load_studies


def put_folds(results):
    """Two folds of 2 and 6 faces; person a is in both."""
    few = made_faces([1, 2], [2, 2], persons_N=np.array(["a", "b"]))
    many = made_faces([1, 1, 1, 1, 2, 2], persons_N=np.array(list("acdefg")))
    put(results, "demo/cam/plain/seed0-fold0", faces=few, protocol="holdout")
    put(results, "demo/cam/plain/seed0-fold1", faces=many, protocol="paper")


@pytest.fixture
def pooled(tmp_path):
    put_folds(tmp_path)
    return load_studies(tmp_path)[0].baseline.shown


def test_all_faces_are_scored_once_and_folds_are_not_averaged(pooled):
    assert pooled.scores.accuracy == 7 / 8
    assert pooled.scores.balanced_accuracy == (4 / 5 + 1) / 2
    assert (pooled.scores.n, pooled.scores.scored, pooled.scores.total) == (8, 8, 8)
    assert pooled.scores.chance_level.majority.share == 5 / 8
    assert (pooled.path, pooled.folds) == ("demo/cam/plain/seed0", (0, 1))


def test_intervals_are_by_person_over_all_folds(pooled):
    assert pooled.scores.intervals.units == 7


def test_the_protocol_is_the_worse_of_the_folds(pooled):
    assert pooled.scores.protocol == "paper"


def test_mean_maps_weigh_folds_by_their_faces(pooled):
    assert pooled.maps["cam_count"].tolist() == [2, 4, 0, 0, 0, 0, 2]
    assert pooled.maps["cam"].shape == (7, 64, 64)


@pytest.mark.parametrize(("second", "accuracy"), [([1, 1, 2], 4 / 5), ([2, 2, 1], None)])
def test_the_majority_of_training_is_kept_only_if_folds_agree_on_it(tmp_path, second, accuracy):
    put(tmp_path, "demo/cam/plain/seed0-fold0", faces=made_faces([1, 1]))
    put(tmp_path, "demo/cam/plain/seed0-fold1", faces=made_faces(second))
    (study,) = load_studies(tmp_path)
    found = study.scores.chance_level.train_majority
    assert (found and found.accuracy) == (accuracy and pytest.approx(accuracy))


def test_a_seed_with_and_without_folds_makes_two_variants(tmp_path):
    put_folds(tmp_path)
    put(tmp_path, "demo/cam/plain/seed0")
    names = [one.name for one in load_studies(tmp_path)[0].variants]
    assert names == ["plain", "plain (folds)"]


def test_curves_are_averaged_over_the_epochs_that_all_have():
    long = LearningCurve(epochs=[0, 1, 2], values=[1.0, 2.0, 3.0])
    short = LearningCurve(epochs=[0, 1], values=[3.0, 4.0])
    assert mean_curve([long, short]) == LearningCurve(epochs=[0, 1], values=[2.0, 3.0])
