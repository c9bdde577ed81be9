import numpy as np
import pytest
import torch

from tests.basic7 import book7
from train.evaluation.faithfulness import area, faithfulness, passes, ranks
from train.evaluation.networks import EvalModel, Reading, classifier_network, own_map
from train.records import Forward

CPU = torch.device("cpu")


def bright_corner(images):
    """A model whose first expression is the brightness of the upper left quarter."""
    bright = images[:, :, :16, :16].mean(dim=(1, 2, 3))
    logits = torch.zeros(len(images), 7)
    logits[:, 0] = bright
    return Forward(logits, ())


@pytest.fixture
def areas():
    corner = torch.zeros(2, 64, 64)
    corner[:, :32, :32] = 1
    images = torch.full((2, 3, 32, 32), 120 / 255)
    images[:, :, :16, :16] = 1
    setup = EvalModel(
        classifier_network(bright_corner, None), own_map, 32, 224, book7(), "exact", CPU
    )
    maps = {"cam": corner.flip(1, 2), "attention": corner}
    labels = torch.zeros(2, dtype=torch.long)
    return faithfulness(setup, images, labels, maps, np.array([5, 9]), 8)


def test_hiding_what_the_model_used_lowers_its_answer_at_once(areas):
    (cam, attention, random) = areas[0, :, 0]
    assert attention < min(cam, random)


def test_showing_what_the_model_used_raises_its_answer_at_once(areas):
    (cam, attention, random) = areas[0, :, 1]
    assert attention > max(cam, random)


def test_areas_are_shares(areas):
    assert areas.shape == (2, 3, 2)
    assert ((areas > 0) & (areas < 1)).all()


def test_the_random_map_belongs_to_the_face_and_not_to_the_batch(areas):
    assert areas[0, 2, 0] != areas[1, 2, 0]


def test_the_highest_pixel_comes_first():
    found = ranks(torch.tensor([[[0.1, 0.9], [0.4, 0.2]]]), 2)
    assert found.flatten().tolist() == [0.75, 0, 0.25, 0.5]


def test_the_area_under_a_line_is_half():
    assert area(torch.tensor([[1.0], [0.5], [0]])).item() == 0.5


def test_a_map_that_is_the_same_everywhere_has_no_order_and_passes_are_as_said():
    asked = []

    def network(images_B3SS):
        asked.append(len(images_B3SS))
        return Reading(torch.full((len(images_B3SS), 7), 1 / 7))

    model = EvalModel(network, own_map, 32, 224, book7(), "exact", CPU)
    maps = {"cam": torch.rand(1, 7, 7), "attention": torch.zeros(1, 7, 7)}
    images = torch.rand(1, 3, 32, 32)
    found = faithfulness(model, images, torch.tensor([0]), maps, np.array([1]), 4)
    assert np.isnan(found[0, 1]).all()
    np.testing.assert_allclose(found[0, 0], 1 / 7, rtol=1e-5)
    assert sum(asked) == passes(4)
