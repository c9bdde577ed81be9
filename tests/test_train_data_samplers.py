import numpy as np
import pytest

from train.data.samplers import SAMPLERS, split_batches


def test_a_last_batch_of_one_face_joins_the_one_before():
    assert [len(piece) for piece in split_batches(np.arange(9), 4, 0, 1)] == [4, 5]
    assert [len(piece) for piece in split_batches(np.arange(10), 4, 0, 1)] == [4, 4, 2]


def test_a_last_batch_too_small_for_every_rank_joins_the_one_before():
    pieces = [split_batches(np.arange(9), 4, rank, 2) for rank in (0, 1)]
    assert [len(piece) for piece in pieces[0]] == [2, 3]
    assert [len(piece) for piece in pieces[1]] == [2, 2]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_epoch_of_a_sampler_is_drawn_anew_and_as_long_as_the_last(sampler):
    labels = np.array([0] * 30 + [1] * 5 + [3] * 10)
    first, again, second = (
        SAMPLERS[sampler](labels, np.random.default_rng([0, epoch])) for epoch in (4, 4, 5)
    )
    np.testing.assert_array_equal(first, again)
    assert len(first) == len(second)
    assert (first != second).any()


def test_balanced_shows_every_class_as_often_as_the_rarest():
    labels = np.array([0] * 30 + [1] * 5 + [3] * 10)
    chosen = SAMPLERS["balanced"](labels, np.random.default_rng(0))
    assert np.bincount(labels[chosen]).tolist() == [5, 5, 0, 5]
    assert len(set(chosen)) == 15


def test_inverse_frequency_draws_every_class_equally_often():
    labels = np.array([0] * 9000 + [1] * 900 + [2] * 90)
    drawn = np.bincount(labels[SAMPLERS["inverse_frequency"](labels, np.random.default_rng(0))])
    np.testing.assert_allclose(drawn / len(labels), 1 / 3, atol=0.02)
