"""Means, intervals and differences over the repeats of a study."""

import numpy as np
import pytest

from benchmarks.made_faces import drawn_faces, made_faces
from benchmarks.made_results import put
from report.reading.results import load_studies
from report.reading.statistics import study_statistics

LABELS = np.repeat(np.arange(7), 12)


def statistics_of(results):
    return study_statistics(load_studies(results)[0])


def put_seeds(results, variant, right, cosine, seeds=(0, 1, 2)):
    for seed in seeds:
        faces = drawn_faces(LABELS, right, cosine, seed)
        put(results, f"demo/cam/{variant}/seed{seed}", faces=faces)


def test_scores_are_averaged_over_seeds_and_have_an_interval(tmp_path):
    put_seeds(tmp_path, "plain", 0.7, 0.6)
    (one,) = statistics_of(tmp_path).variants
    values = [run.scores.accuracy for run in one.variant.repeats]
    found = one.scores["accuracy"]
    assert (found.mean, found.sd) == (pytest.approx(np.mean(values)), np.std(values, ddof=1))
    low, high = found.interval
    assert low < found.mean < high
    assert one.scores["macro_f1"].interval is None


def test_the_interval_of_one_seed_is_that_of_its_scores(tmp_path):
    put_seeds(tmp_path, "plain", 0.7, 0.6, seeds=(0,))
    found = statistics_of(tmp_path).variants[0]
    intervals = found.variant.shown.scores.intervals
    for name in ("accuracy", "balanced_accuracy", "att_cos", "cam_selectivity"):
        assert found.scores[name].interval == pytest.approx(getattr(intervals, name))


def test_a_difference_that_every_seed_shows_is_settled(tmp_path):
    put_seeds(tmp_path, "plain", 0.7, 0.6)
    put_seeds(tmp_path, "aligned", 0.7, 0.8)
    plain, aligned = statistics_of(tmp_path).variants
    assert plain.differences == {}
    found = aligned.differences["att_cos"]
    assert (found.wins, found.n, found.is_settled) == (3, 3, True)
    assert found.mean == pytest.approx(0.2, abs=0.02)


def test_only_seeds_that_both_have_are_paired(tmp_path):
    put_seeds(tmp_path, "plain", 0.7, 0.6, seeds=(0, 1, 2))
    put_seeds(tmp_path, "aligned", 0.7, 0.8, seeds=(1, 2, 3))
    assert statistics_of(tmp_path).variants[1].differences["accuracy"].n == 2


def test_variants_of_other_faces_have_no_interval_of_their_difference(tmp_path):
    put_seeds(tmp_path, "plain", 0.7, 0.6)
    for seed in range(3):
        faces = drawn_faces(LABELS, 0.7, 0.8, seed, rows_N=np.arange(84) + 1)
        put(tmp_path, f"demo/cam/aligned/seed{seed}", faces=faces)
    found = statistics_of(tmp_path).variants[1].differences["att_cos"]
    assert (found.interval, found.n) == (None, 3)


def test_an_expression_that_is_never_predicted_is_counted_over_seeds(tmp_path):
    put(tmp_path, "demo/cam/plain/seed0", faces=made_faces([1, 2, 3], [1, 1, 3]))
    put(tmp_path, "demo/cam/plain/seed1", faces=made_faces([1, 2, 3]))
    (one,) = statistics_of(tmp_path).variants
    assert list(one.unanswered.values()) == [1]
