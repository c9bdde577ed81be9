import numpy as np
import pytest
import torch

from train.evaluation.batch import EvalBatch, EvalModel, EvalOutputs
from train.evaluation.faithfulness import area, faithfulness, ranks
from train.evaluation.targets import Targets
from train.records import Forward

CPU = torch.device("cpu")


def bright_corner(images):
    """A model whose first expression is the brightness of the upper left quarter."""
    bright = images[:, :, :16, :16].mean(dim=(1, 2, 3))
    logits = torch.zeros(len(images), 7)
    logits[:, 0] = bright
    return Forward(logits, ())


def measured_with(maps):
    """What faithfulness looks at; the rest is empty."""
    empty = np.zeros(0, np.float32)
    return EvalOutputs(*[empty] * 6, maps, maps[:, ::-1, ::-1].copy(), *[empty] * 3)


@pytest.fixture
def areas():
    maps = np.zeros((2, 64, 64), np.float32)
    maps[:, :32, :32] = 1
    images = torch.full((2, 32, 32, 3), 120, dtype=torch.uint8)
    images[:, :16, :16] = 255
    labels = np.zeros(2, np.int64)
    nothing = Targets(*[torch.zeros(2, 0)] * 4)
    looks = EvalBatch(images, labels, nothing)
    setup = EvalModel(bright_corner, None, 32, 224, "published", "exact", CPU)
    return faithfulness(setup, looks, measured_with(maps), np.array([5, 9]), 8)


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
