import numpy as np
import pytest

from train.evaluation.agreement import own_cosine, selectivity, summary


def test_the_same_blob_on_every_face_has_no_selectivity():
    everywhere = np.full((3, 7), 0.8)
    found = selectivity(everywhere, np.ones((3, 7), bool), np.array([1, 2, 3]))
    np.testing.assert_allclose(found, 0, atol=1e-12)


def test_selectivity_is_own_cosine_minus_the_mean_of_the_others():
    row = np.array([[0, 0.9, 0.3, 0.1, 0, 0, 0]])
    defined = np.array([[False, True, True, True, False, False, False]])
    assert selectivity(row, defined, np.array([1]))[0] == pytest.approx(0.9 - 0.2)


def test_without_another_map_selectivity_is_undefined():
    alone = np.eye(7, dtype=bool)[[1]]
    assert np.isnan(selectivity(np.ones((1, 7)), alone, np.array([1]))[0])


def test_the_overall_score_weighs_classes_and_not_faces():
    found = summary(np.array([1.0, 1, 1, 0]), np.array([1, 1, 1, 2]), np.ones(4, bool))
    assert found["overall"] == 0.5
    assert found["per_class"]["Happiness"] == 1
    assert found["per_class"]["Fear"] is None


def test_faces_without_a_map_do_not_count_but_show_in_the_coverage():
    found = summary(np.array([1.0, np.nan]), np.array([1, 0]), np.array([True, False]))
    assert (found["overall"], found["n_valid"], found["n"]) == (1.0, 1, 2)


def test_no_counted_face_gives_no_score():
    assert summary(np.zeros(1), np.array([0]), np.array([False]))["overall"] is None


def test_the_own_cosine_is_that_of_the_label():
    np.testing.assert_array_equal(
        own_cosine(np.arange(14.0).reshape(2, 7), np.array([0, 3])), [0, 10]
    )
