"""Learning rates per level, and levels that rest."""

import copy

import pytest
import torch
from torch import nn

from tests.networks import made_backbone, shipped
from tests.resuming import Speck
from train.fitting.fine_tuning import (
    FrozenLevels,
    learning_rate_factors,
    weights_per_level,
)
from train.methods.backbones import BACKBONES
from train.params import FineTuningParams

REST = {"lr_factor": 1.0, "frozen_levels": 0, "frozen_epochs": 0}


def tuned(image_px=64, **changes):
    params = FineTuningParams.model_validate({**REST, **changes})
    return shipped().model_copy(update={"image_px": image_px, "fine_tuning": params})


@pytest.mark.parametrize("name", BACKBONES)
def test_every_weight_of_a_backbone_belongs_to_one_level(name):
    backbone = made_backbone(name, image_px=64)
    levels = weights_per_level(backbone, 64)
    together = [weight for level in levels for weight in level]
    assert len(levels) == 5
    assert len(together) == len(set(together))
    assert set(together) == set(backbone.parameters())
    assert backbone.training


def test_levels_of_a_resnet_are_its_stem_and_its_stages():
    backbone = made_backbone("resnet18", image_px=64)
    net = backbone.net
    stem = {*net.conv1.parameters(), *net.bn1.parameters()}
    stages = [set(getattr(net, f"layer{number}").parameters()) for number in range(1, 5)]
    assert [set(level) for level in weights_per_level(backbone, 64)] == [stem, *stages]


def test_one_factor_is_raised_to_the_distance_from_the_head():
    backbone = made_backbone("resnet18", image_px=64)
    factors = learning_rate_factors(backbone, tuned(lr_factor=0.5))
    assert factors[backbone.net.layer4[0].conv1.weight] == 0.5
    assert factors[backbone.net.layer3[0].conv1.weight] == 0.25
    assert factors[backbone.net.conv1.weight] == 0.5**5


def test_five_factors_are_those_of_levels_1_to_5():
    backbone = made_backbone("resnet18", image_px=64)
    factors = learning_rate_factors(backbone, tuned(lr_factor=[0.1, 0.2, 0.3, 0.4, 2.0]))
    assert factors[backbone.net.bn1.weight] == 0.1
    assert factors[backbone.net.layer4[0].conv1.weight] == 2.0


@pytest.mark.parametrize("stated", [1.0, [1.0] * 5])
def test_levels_that_learn_alike_have_no_factors(stated):
    assert learning_rate_factors(nn.Identity(), tuned(lr_factor=stated)) == {}


def states(backbone):
    return [copy.deepcopy(backbone.net[part].state_dict()) for part in (0, 1)]


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def trained_step(backbone, frozen, epoch):
    """Which of two parts changed in a step of gradient descent on a batch: (first, second)."""
    before = states(backbone)
    backbone.train()
    frozen.apply(epoch)
    optimiser = torch.optim.SGD(backbone.parameters(), 0.1)
    levels, _ = backbone(torch.randn(4, 3, 32, 32))
    levels[-1].square().sum().backward()
    optimiser.step()
    optimiser.zero_grad()
    return tuple(not same(one, other) for one, other in zip(before, states(backbone), strict=True))


def test_levels_rest_with_weights_and_statistics_and_then_learn():
    backbone = Speck(16)
    frozen = FrozenLevels(backbone, tuned(32, frozen_levels=4, frozen_epochs=2))
    assert [trained_step(backbone, frozen, epoch) for epoch in (0, 1, 2)] == [
        (False, True),
        (False, True),
        (True, True),
    ]


def test_without_frozen_levels_everything_learns_from_the_first_epoch():
    backbone = Speck(16)
    frozen = FrozenLevels(backbone, tuned(32, frozen_epochs=3))
    assert trained_step(backbone, frozen, 0) == (True, True)


def test_parts_of_later_levels_learn_inside_a_module_with_a_resting_weight():
    """A transformer's outermost module owns the positions, which belong to level 1."""
    backbone = made_backbone("deit_mini", image_px=64)
    frozen = FrozenLevels(backbone, tuned(64, frozen_levels=1, frozen_epochs=1))
    backbone.train()
    frozen.apply(0)
    assert not backbone.net.pos_embed.requires_grad
    assert backbone.net.blocks[0].attn.qkv.weight.requires_grad
    assert backbone.net.blocks[0].attn.training
