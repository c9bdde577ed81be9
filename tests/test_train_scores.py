import numpy as np
import pytest
import torch

from train.scores import (
    GEOMETRIES,
    centred,
    classification,
    cosines,
    own_cosine,
    selectivity,
    summary,
    unit_range,
)


def test_the_cosine_of_two_small_maps_is_that_by_hand():
    maps = torch.tensor([[[1.0, 0, 0, 0], [1, 1, 0, 0]]])
    target = torch.tensor([[[1.0, 0, 0, 0]]])
    torch.testing.assert_close(cosines(maps, target)[0, :, 0], torch.tensor([1.0, 0.5**0.5]))


def test_a_zero_map_has_cosine_zero_and_not_nan():
    assert cosines(torch.zeros(1, 1, 4), torch.ones(1, 1, 4)).item() == 0


def test_a_uniform_map_scores_high_until_it_is_centred():
    target = torch.tensor([[[0.9, 1.0, 0.8, 1.0]]])
    flat = torch.ones(1, 1, 4)
    assert cosines(flat, target).item() > 0.99
    assert cosines(centred(flat), centred(target)).item() == 0


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


def test_rows_of_the_confusion_are_the_truth():
    found = classification(np.array([1, 1, 2]), np.array([1, 2, 2]))
    assert found["confusion"][1][2] == 1
    assert found["confusion"][2][1] == 0
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["balanced_accuracy"] == pytest.approx(0.75)
    assert found["recall"]["Fear"] is None


def test_the_own_cosine_is_that_of_the_label():
    np.testing.assert_array_equal(
        own_cosine(np.arange(14.0).reshape(2, 7), np.array([0, 3])), [0, 10]
    )


def test_a_constant_map_becomes_zero():
    assert not unit_range(torch.full((1, 2, 2), 3.0)).any()


def test_scaling_a_map_spans_zero_to_one():
    torch.testing.assert_close(
        unit_range(torch.tensor([[[2.0, 4.0], [3.0, 2.0]]])), torch.tensor([[[0.0, 1], [0.5, 0]]])
    )


@pytest.mark.parametrize("name", GEOMETRIES)
def test_enlarged_attention_is_never_negative(name):
    enlarged = GEOMETRIES[name](torch.tensor([[[-1.0, 1.0], [0.0, 2.0]]]), 8)
    assert enlarged.shape == (1, 8, 8)
    assert enlarged.min() >= 0


def test_the_published_geometry_gives_the_published_cosines(golden_folder):
    golden = np.load(golden_folder / "alignment_loss.npz")
    target = torch.from_numpy(golden["real_heatmap"]).flatten(1)[:, None]
    for shift, name in ((0, "real_eval_att_cos"), (0.2, "real_eval_att_cos_shifted")):
        attention = torch.from_numpy(golden["real_att"])[:, 0] - shift
        maps = GEOMETRIES["published"](attention, 224).flatten(1)[:, None]
        np.testing.assert_allclose(cosines(maps, target).flatten(), golden[name], atol=1e-5)
