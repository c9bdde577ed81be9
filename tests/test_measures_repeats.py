import numpy as np
import pytest

from measures.bootstrap import Score, redraw
from measures.repeats import PairedDifference, paired_difference, repeat_statistics

DRAWS = 400


def still(values):
    """What redrawing gives where all faces are alike."""
    return np.tile(np.array(values)[:, None], (1, DRAWS))


def test_mean_and_standard_deviation_are_those_of_the_repeats():
    found = repeat_statistics([0.5, 0.7], None, 0)
    assert (found.mean, found.n, found.interval) == (pytest.approx(0.6), 2, None)
    assert found.sd == pytest.approx(np.std([0.5, 0.7], ddof=1))


def test_one_repeat_has_no_standard_deviation_and_the_interval_of_its_faces():
    found = repeat_statistics([0.5], np.linspace(0, 1, 1001)[None], 0)
    assert found.sd is None
    assert found.interval == pytest.approx((0.025, 0.975))


def test_a_score_that_no_repeat_has_is_none_and_one_that_some_lack_has_no_interval():
    assert repeat_statistics([None, None], None, 0) is None
    found = repeat_statistics([None, 0.5], still([0.5, 0.5]), 0)
    assert (found.mean, found.n, found.interval) == (0.5, 1, None)


def test_the_interval_of_a_mean_over_seeds_is_students():
    values = [0.1, 0.2, 0.3, 0.4, 0.5]
    low, high = repeat_statistics(values, np.repeat(still(values), 50, axis=1), 0).interval
    half = 2.776 * np.std(values, ddof=1) / np.sqrt(5)
    assert (low, high) == pytest.approx((0.3 - half, 0.3 + half), abs=0.01)


def test_an_interval_ends_where_the_score_does():
    low, high = repeat_statistics([0.0, 0.4], still([0.0, 0.4]), 0, (0.0, 1.0)).interval
    assert (low, high) == (0.0, 1.0)


def test_wins_and_losses_are_counted_as_the_scores_are_printed():
    found = paired_difference([0.5, 0.5, 0.5], [0.5004, 0.6, 0.4], None, 0)
    assert (found.wins, found.losses, found.n) == (1, 1, 3)
    assert found.mean == pytest.approx(0.0001333, abs=1e-6)


def test_one_pair_has_a_difference_and_no_interval():
    found = paired_difference([0.5], [0.75], still([0.25]), 0)
    assert found == PairedDifference(0.25, None, 1, 0, 1)
    assert not found.is_settled


def test_equal_runs_differ_by_nothing_and_that_settles_nothing():
    found = paired_difference([0.5, 0.6], [0.5, 0.6], still([0, 0]), 0)
    assert found == PairedDifference(0, (0, 0), 0, 0, 2)
    assert not found.is_settled


def test_a_pair_without_the_score_is_no_pair():
    found = paired_difference([None, 0.5], [0.5, 0.75], still([0, 0.25]), 0)
    assert (found.n, found.interval) == (1, None)
    assert paired_difference([None], [0.5], None, 0) is None


@pytest.mark.parametrize("ends", [(0.0004, 0.1), (-0.1, -0.0004), (-0.1, 0.1)])
def test_an_interval_that_prints_a_zero_does_not_settle_the_sign(ends):
    assert not PairedDifference(0.05, ends, 3, 0, 3).is_settled


def test_an_interval_away_from_zero_settles_the_sign():
    assert PairedDifference(0.05, (0.001, 0.1), 3, 0, 3).is_settled
    assert PairedDifference(-0.05, (-0.1, -0.001), 0, 3, 3).is_settled


@pytest.mark.slow
def test_of_two_equal_variants_one_in_twenty_is_taken_for_better():
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(400):
        skill = rng.normal(0, 0.5, 100)  # of a face, whatever the run
        chance = [[0.7 + skill / 4 + rng.normal(0, 0.02) for _ in range(3)] for _ in "ab"]
        right = np.array([[rng.random(100) < one for one in runs] for runs in chance])
        scores = [{"x": Score(one, np.ones(100, bool), False)} for one in right.reshape(6, 100)]
        drawn = redraw(scores, np.zeros(100, int), np.arange(100), 200, 0)["x"]
        means = right.mean(axis=2)
        found = paired_difference(means[0], means[1], drawn[3:] - drawn[:3], 0)
        alarms += found.interval[0] > 0 or found.interval[1] < 0
    assert alarms / 400 < 0.07
