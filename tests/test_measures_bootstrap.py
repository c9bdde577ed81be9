import numpy as np
import pytest

from benchmarks.made_faces import made_faces
from contracts.scores import Intervals
from measures import bootstrap
from measures.bootstrap import Score, compared_scores, intervals, number_persons, redraw

SETTINGS = ("unit", "units", "resamples", "level")
NAMES = [name for name in Intervals.model_fields if name not in SETTINGS]
EVERYONE = [f"p{number}" for number in range(400)]
LABELS = np.arange(400) % 7
RIGHT = np.random.default_rng(0).random(400) < 0.7


def averaged(values, macro=False, counted=None):
    counted = np.ones(len(values), bool) if counted is None else counted
    return dict.fromkeys(NAMES, Score(np.asarray(values), counted, macro))


def test_faces_of_a_person_go_together():
    numbers, unit = number_persons(["b", "a", "b", "", ""])
    assert unit == "person"
    assert numbers[0] == numbers[2]
    assert len(set(numbers.tolist())) == 4


def test_where_nobody_is_known_every_face_stands_for_itself():
    numbers, unit = number_persons(["", "", ""])
    assert (len(set(numbers.tolist())), unit) == (3, "sample")


def test_the_interval_of_a_share_is_that_of_the_binomial():
    low, high = intervals(averaged(RIGHT), LABELS, EVERYONE, 2000, 0).accuracy
    half = 1.96 * np.sqrt(RIGHT.mean() * (1 - RIGHT.mean()) / 400)
    assert (low, high) == pytest.approx((RIGHT.mean() - half, RIGHT.mean() + half), abs=0.01)


def test_ten_faces_of_each_person_are_no_more_certain_than_one():
    alone = intervals(averaged(RIGHT), LABELS, EVERYONE, 500, 0)
    tenfold = intervals(averaged(np.tile(RIGHT, 10)), np.tile(LABELS, 10), EVERYONE * 10, 500, 0)
    assert tenfold.accuracy == alone.accuracy
    assert tenfold.units == 400


def test_equal_seeds_give_equal_intervals_whatever_is_held_at_a_time(monkeypatch):
    whole = intervals(averaged(RIGHT), LABELS, EVERYONE, 50, 3)
    monkeypatch.setattr(bootstrap, "_MOST_DRAWN", 1000)
    assert intervals(averaged(RIGHT), LABELS, EVERYONE, 50, 3) == whole
    assert intervals(averaged(RIGHT), LABELS, EVERYONE, 50, 4) != whole


def test_a_macro_score_weighs_classes_and_not_faces():
    values = np.where(np.arange(80) < 60, 1.0, 0.0)
    labels = np.where(np.arange(80) < 60, 1, 2)
    found = intervals(averaged(values, macro=True), labels, EVERYONE[:80], 50, 0)
    assert found.accuracy == (0.5, 0.5)


def test_faces_that_do_not_count_do_not_matter():
    counted = LABELS != 0
    values = np.where(counted, 0.25, np.nan)
    found = intervals(averaged(values, True, counted), LABELS, EVERYONE, 20, 0)
    assert found.accuracy == (0.25, 0.25)
    nobody = averaged(values, True, np.zeros(400, bool))
    assert intervals(nobody, LABELS, EVERYONE, 20, 0).accuracy is None


def test_one_person_says_nothing_about_others():
    assert intervals(averaged(RIGHT), LABELS, ["p"] * 400, 20, 0) is None


def test_intervals_can_be_switched_off():
    assert intervals(averaged(RIGHT), LABELS, EVERYONE, 0, 0) is None


def test_the_interval_of_a_macro_score_stays_around_it_when_a_class_is_tiny():
    labels = np.repeat([0, 1, 2], [200, 200, 2])
    right = np.repeat([1.0, 1.0, 0.0, 1.0], [200, 200, 1, 1])
    persons = [f"p{row}" for row in range(402)]
    low, high = intervals(averaged(right, macro=True), labels, persons, 2000, 0).accuracy
    score = (1 + 1 + 0.5) / 3
    assert (low + high) / 2 == pytest.approx(score, abs=0.005)
    assert high < 1
    assert low > 2 / 3


def test_a_class_of_one_face_neither_comes_nor_goes():
    labels = np.repeat([0, 1], [400, 1])
    right = np.repeat([1.0, 0.0], [400, 1])
    persons = [f"p{row}" for row in range(401)]
    assert intervals(averaged(right, macro=True), labels, persons, 200, 0).accuracy == (0.5, 0.5)


def test_runs_are_redrawn_with_the_same_weights():
    runs = [{"x": Score(RIGHT, np.ones(400, bool), False)}] * 2
    first, second = redraw(runs, LABELS, np.arange(400), 30, 0)["x"]
    np.testing.assert_array_equal(first, second)


def test_classes_are_known_whether_predicted_or_not():
    shares = np.eye(7, dtype=np.float32)[[1, 2]]
    scores = compared_scores(made_faces([1, 2], [2, 2], annotated_NV=shares))
    assert set(scores) == set(NAMES)
    assert scores["accuracy"].values_N.tolist() == [False, True]
