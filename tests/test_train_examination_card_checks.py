import numpy as np
import pytest

from tests.basic7 import EXPRESSIONS
from train.examination.card_checks import SURE, best_names, better, suspicions

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 7, 300)


def noisy(predicted, share=0.4):
    """A model that is right but for a share of the faces."""
    wrong = RNG.random(len(predicted)) < share
    return np.where(wrong, RNG.integers(0, 7, len(predicted)), predicted)


def test_a_right_card_raises_no_suspicion():
    predicted = noisy(LABELS)
    assert (
        suspicions(predicted, LABELS, {"it were worse": lambda: noisy(LABELS, 0.6)}, EXPRESSIONS)
        == []
    )


def test_a_permuted_class_list_is_caught_and_named():
    swap = np.array([0, 2, 1, 3, 4, 5, 6])
    (found,) = suspicions(swap[noisy(LABELS)], LABELS, {}, EXPRESSIONS)
    assert "Happiness were Surprise, Surprise were Happiness" in found.what
    assert found.accuracy_then > found.accuracy + 0.1
    assert found.standard_errors >= SURE


def test_a_better_reading_is_said_with_its_numbers():
    (found,) = suspicions(
        RNG.integers(0, 7, 300),
        LABELS,
        {"the colours were BGR": lambda: noisy(LABELS)},
        EXPRESSIONS,
    )
    assert found.what == "if the colours were BGR"
    assert found.faces == 300
    assert found.accuracy_then > 0.5 > found.accuracy


def test_guessing_is_not_taken_for_other_names():
    found = [suspicions(RNG.integers(0, 7, 300), LABELS, {}, EXPRESSIONS) for _ in range(20)]
    assert sum(map(len, found)) == 0


def test_the_best_names_have_the_most_right_answers():
    turn = np.array([1, 2, 0, 3, 4, 5, 6])
    names = best_names(turn[LABELS], LABELS, 7)
    assert (names[turn[LABELS]] == LABELS).all()
    assert best_names(LABELS, LABELS, 7).tolist() == [*range(7)]


def test_better_counts_only_faces_on_which_the_two_differ():
    right = np.array([True, True, False, False, False])
    other = np.array([True, False, True, True, True])
    assert better(right, other) == pytest.approx((3 - 1) / 2)
    assert better(right, right) == 0
