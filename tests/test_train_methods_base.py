"""What every head is."""

import pytest
import torch
from torch import nn

from errors import UsageError
from tests.flat_model import Flat, made
from train.methods.base import Classifier, LevelShape, head_map, init_xavier, select_class


def test_each_face_gets_the_map_of_its_class():
    maps = torch.arange(2 * 3 * 4.0).reshape(2, 3, 2, 2)
    found = select_class(maps, torch.tensor([2, 0]))
    torch.testing.assert_close(found, torch.stack([maps[0, 2], maps[1, 0]]))


def test_the_gradient_of_a_linear_head_is_its_weights_over_the_pixels():
    torch.manual_seed(0)
    model = Classifier(Flat(), made("gap", LevelShape(8, 4, 4, 7))).eval()
    forward = model(torch.rand(2, 3, 40, 40))
    rows, columns = forward.features[-1].shape[-2:]
    classes = torch.tensor([1, 5])
    found = model.head.gradient(forward, classes)
    expected = model.head.class_weights()[classes][..., None, None] / (rows * columns)
    torch.testing.assert_close(found, expected.expand_as(found))
    assert all(weight.grad is None for weight in model.parameters())


def test_a_head_without_maps_says_that_it_has_none():
    model = Classifier(Flat(), made("fully_connected", LevelShape(8, 40, 40, 7))).eval()
    forward = model(torch.rand(1, 3, 40, 40))
    with pytest.raises(UsageError, match="needs a head that makes maps"):
        head_map(model, forward, torch.tensor([0]))


def test_a_new_layer_has_no_bias_and_weights_within_xaviers_bound():
    layer = init_xavier(nn.Linear(6, 2))
    assert not layer.bias.any()
    assert layer.weight.abs().max() <= (6 / (6 + 2)) ** 0.5


def test_the_head_misses_whole_channels_in_training_only_and_losses_see_them_all():
    torch.manual_seed(0)
    head = made("gap", LevelShape(8, 4, 4, 7))
    flat = Flat()
    model, whole = Classifier(flat, head, head_dropout=0.5), Classifier(flat, head)
    images, shown = torch.rand(2, 3, 40, 40), []
    head.register_forward_pre_hook(lambda module, given: shown.append(given[0][-1]))
    forward = model.train()(images)
    missing = (shown[0] == 0).all(dim=(2, 3))
    assert 0 < missing.float().mean() < 1
    torch.testing.assert_close(shown[0], 2 * forward.features[-1] * ~missing[:, :, None, None])
    assert torch.equal(model.eval()(images).logits_BK, whole.eval()(images).logits_BK)
