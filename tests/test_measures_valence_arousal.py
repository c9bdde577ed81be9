import numpy as np
import pytest

from benchmarks.made_faces import made_faces
from measures.faces import concatenate_faces
from measures.valence_arousal import MOMENTS, agreement, moments, valence_arousal_scores

TRUE = np.array([[0.5, 0.0], [-0.5, 0.5], [1.0, 0.25], [0.0, -1.0]], np.float32)


def faces(predicted, true=TRUE, constant=(0.25, 0.0), **changes):
    stacked = np.stack([predicted, true, np.broadcast_to(constant, true.shape)], axis=1)
    return made_faces([0, 1, 2, 3], valence_arousal_N3D=stacked.astype(np.float32), **changes)


def of(predicted, true):
    one, other = (np.array(values, float)[:, None] for values in (predicted, true))
    return [float(value[0]) for value in agreement(moments(one, other).sum(axis=0))]


def test_concordance_by_hand():
    # means 1/2 and 0, variances 1/4 and 1, covariance 1/2: 2 * 1/2 / (1/4 + 1 + 1/4)
    ccc, pearson, rmse, sign = of([0, 1], [-1, 1])
    assert (ccc, pearson) == pytest.approx((2 / 3, 1))
    assert rmse == pytest.approx(0.5**0.5)
    assert sign == 0.5


def test_equal_values_agree_wholly():
    assert of([0.1, -0.3, 0.8], [0.1, -0.3, 0.8]) == pytest.approx([1, 1, 0, 1], abs=1e-7)


def test_a_shift_lowers_concordance_and_not_the_correlation():
    ccc, pearson, rmse, _ = of([0.5, 1.0, 0.75], [0.0, 0.5, 0.25])
    assert pearson == pytest.approx(1)
    assert ccc < 0.5
    assert rmse == pytest.approx(0.5)


def test_a_constant_has_no_correlation_and_a_concordance_of_zero():
    ccc, pearson, *_ = of([0.3] * 5, [0.1, 0.2, 0.3, 0.4, 0.5])
    assert ccc == pytest.approx(0, abs=1e-9)
    assert np.isnan(pearson)
    assert np.isnan(of([0.3] * 5, [0.3] * 5)[0])


def test_scores_are_those_of_numpy_on_many_faces():
    rng = np.random.default_rng(0)
    true = rng.uniform(-1, 1, 500)
    predicted = (0.7 * true + rng.normal(0, 0.2, 500)).clip(-1, 1)
    ccc, pearson, rmse, sign = of(predicted, true)
    assert pearson == pytest.approx(np.corrcoef(predicted, true)[0, 1])
    assert rmse == pytest.approx(np.sqrt(np.mean((predicted - true) ** 2)))
    gap = (predicted.mean() - true.mean()) ** 2
    below = predicted.var() + true.var() + gap
    assert ccc == pytest.approx(2 * np.cov(predicted, true, ddof=0)[0, 1] / below)
    assert sign == np.mean(np.sign(predicted) == np.sign(true))


def test_faces_without_values_do_not_count():
    true = TRUE.copy()
    true[1] = np.nan
    found = valence_arousal_scores(faces(TRUE, true), 0, 0)
    assert (found.n, found.scored) == (3, 4)
    assert found.ccc == pytest.approx(1)
    assert (found.ccc_interval, found.valence.intervals, found.resamples) == (None, None, 0)


def test_the_constant_is_scored_beside_it():
    found = valence_arousal_scores(faces(TRUE), 0, 0)
    assert (found.valence.constant_value, found.arousal.constant_value) == (0.25, 0)
    assert found.valence.constant.rmse == pytest.approx(np.sqrt(np.mean((TRUE[:, 0] - 0.25) ** 2)))
    assert found.valence.constant.pearson is None
    assert found.arousal.constant.sign_agreement == 0.25


@pytest.mark.parametrize("predicted", [np.zeros((4, 0)), np.full((4, 2), 0.5)])
def test_nothing_is_scored_where_nothing_is_predicted_or_known(predicted):
    unknown = np.full(predicted.shape, np.nan, np.float32)
    constant = np.zeros(predicted.shape[1])
    assert valence_arousal_scores(faces(predicted, unknown, constant), 100, 0) is None


def test_intervals_hold_the_score_and_draw_whole_persons():
    rng = np.random.default_rng(1)
    true = rng.uniform(-1, 1, (60, 2))
    predicted = true + rng.normal(0, 0.3, (60, 2))
    stacked = np.stack([predicted, true, np.zeros_like(true)], axis=1).astype(np.float32)

    def scored(persons):
        made = made_faces(np.arange(60) % 7, valence_arousal_N3D=stacked, persons_N=persons)
        return valence_arousal_scores(made, 400, 0)

    many = scored(np.array([f"p{row}" for row in range(60)]))
    few = scored(np.array([f"p{row % 4}" for row in range(60)]))
    assert (many.unit, many.units, few.units, few.resamples) == ("person", 60, 4, 400)
    for found in (many, few):
        low, high = found.ccc_interval
        assert low < found.ccc < high
        low, high = found.arousal.intervals.rmse
        assert low < found.arousal.rmse < high
    assert scored(np.array(["p"] * 60)).ccc_interval is None


def test_draws_are_repeatable():
    assert valence_arousal_scores(faces(TRUE * 0.9), 50, 3) == valence_arousal_scores(
        faces(TRUE * 0.9), 50, 3
    )


def test_every_moment_has_a_name():
    assert moments(TRUE, TRUE).shape == (4, 2, len(MOMENTS))


def test_folds_are_scored_together_each_face_with_the_constant_of_its_own():
    parts = [faces(TRUE * 0.9, constant=constant) for constant in ((0.5, 0.0), (-0.5, 0.0))]
    found = valence_arousal_scores(concatenate_faces(parts), 0, 0)
    assert (found.n, found.valence.constant_value) == (8, 0)
    below = np.concatenate([TRUE[:, 0] - 0.5, TRUE[:, 0] + 0.5])
    assert found.valence.constant.rmse == pytest.approx(np.sqrt(np.mean(below**2)))
