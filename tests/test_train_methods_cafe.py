import random
from dataclasses import replace

import pytest
import torch
from torch import nn

from errors import CorruptError, UsageError
from tests.networks import plain_cross_entropy
from tests.tiny_tower import Speck
from train.methods import cafe, clip
from train.methods.base import LevelShape
from train.methods.cafe import (
    CAFEHead,
    diversity,
    draw_channel_mask,
    max_per_expression,
    separation,
)
from train.options import CAFEParams, DiversityParams, SeparationParams
from train.records import Batch, Forward
from validation import checked

PARAMS = CAFEParams(tower="random", tower_sha256=None, tower_px=32, tower_input="imagenet")
LEVEL = LevelShape(512, 2, 2, 7)


@pytest.fixture(scope="module")
def golden(golden_losses):
    return {
        name.replace("cafe/", ""): value for name, value in golden_losses.items() if "cafe/" in name
    }


@pytest.fixture
def small(monkeypatch):
    """While it lasts, random towers are specks."""
    monkeypatch.setitem(clip._LOADERS, "random", lambda weights, sha256, size_px: Speck())


def batch_of(labels):
    rng = torch.Generator().manual_seed(0)
    return Batch(torch.zeros(8, 3, 1, 1), labels, (), torch.ones(8).bool(), rng)


def test_logits_losses_and_gradients_are_the_golden_ones(golden, small, monkeypatch):
    head = CAFEHead(LEVEL, PARAMS)
    head.linear.weight = nn.Parameter(golden["fc_weight"])
    head.linear.bias = nn.Parameter(golden["fc_bias"])
    monkeypatch.setattr(
        cafe, "draw_channel_mask", lambda rng, dropped, classes: golden["keep_mask"]
    )
    pooled = golden["pooled_f"].clone().requires_grad_()
    feature = pooled[..., None, None].expand(-1, -1, 2, 2)
    forward = head((feature,), extra={"clip_BC": golden["clip_feat"]})
    torch.testing.assert_close(forward.extra["masked_BC"], golden["masked_feat"])
    torch.testing.assert_close(forward.logits_BK, golden["logits_fc"], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(
        max_per_expression(forward.extra["masked_BC"], 7), golden["group_max"]
    )
    batch = batch_of(golden["targets"])
    losses = [
        plain_cross_entropy(forward, batch),
        separation(SeparationParams(weight=1.0, dropped=10)).function(forward, batch),
        diversity(DiversityParams(weight=1.0)).function(forward, batch),
    ]
    expected = [float(golden[f"scalar/{name}"]) for name in ("ce", "sep", "div")]
    assert [float(loss.detach()) for loss in losses] == pytest.approx(expected, abs=1e-5)
    (losses[0] + 1.5 * losses[1] + 5 * losses[2]).backward()
    for found, name in (
        (pooled, "pooled_f"),
        (head.linear.weight, "fc_weight"),
        (head.linear.bias, "fc_bias"),
    ):
        expected = golden[f"grad_total_wrt_{name}"]
        torch.testing.assert_close(found.grad, expected, atol=1e-6, rtol=1e-4)


def test_the_kept_channels_are_the_published_sequence(golden):
    rng = random.Random(0)
    for number in ("1", "2"):
        expected = golden[f"py_random_seed0_mask{number}"]
        torch.testing.assert_close(draw_channel_mask(rng, 10, 7), expected)
    assert draw_channel_mask(rng, 10, 7).sum() == 442


def test_a_batch_draws_its_channels_by_its_place_in_the_run(golden):
    masked = golden["masked_feat"]
    forward = Forward(torch.zeros(8, 7), (), extra={"masked_BC": masked})
    term = separation(SeparationParams(weight=1.0, dropped=60)).function
    batch = batch_of(golden["targets"])
    other = replace(batch, shared_seed=1)
    assert term(forward, batch) == term(forward, batch) != term(forward, other)


def test_all_ranks_draw_the_same_channels(golden):
    forward = Forward(torch.zeros(8, 7), (), extra={"masked_BC": golden["masked_feat"]})
    term = separation(SeparationParams(weight=1.0, dropped=60)).function
    first, second = (
        replace(batch_of(golden["targets"]), rng=torch.Generator().manual_seed(rank), shared_seed=7)
        for rank in (0, 1)
    )
    assert term(forward, first) == term(forward, second)


def test_the_tower_is_frozen_and_no_part_of_the_state(small):
    head = CAFEHead(LEVEL, PARAMS)
    assert {name for name, _ in head.named_parameters()} == {"linear.weight", "linear.bias"}
    assert set(head.state_dict()) == {"linear.weight", "linear.bias", "_extra_state"}
    seen = head.encode_extra(torch.rand(2, 3, 32, 32, requires_grad=True))["clip_BC"]
    assert seen.shape == (2, 512)
    assert not seen.requires_grad


def test_a_state_of_another_tower_is_refused(small, monkeypatch):
    state = CAFEHead(LEVEL, PARAMS).state_dict()
    CAFEHead(LEVEL, PARAMS).load_state_dict(state)
    monkeypatch.setitem(clip._LOADERS, "random", lambda weights, sha256, size_px: Speck(1))
    with pytest.raises(CorruptError, match="trained with a tower that has SHA-256"):
        CAFEHead(LEVEL, PARAMS).load_state_dict(state)


def test_a_random_tower_is_said_beside_every_score(small, monkeypatch):
    assert "random tower" in CAFEHead(LEVEL, PARAMS).caveat
    monkeypatch.setitem(clip._LOADERS, "openai", clip._LOADERS["random"])
    assert CAFEHead(LEVEL, PARAMS.model_copy(update={"tower": "openai"})).caveat is None


def test_a_backbone_of_other_width_is_refused():
    with pytest.raises(UsageError, match=r"masks the 512 channels.*this backbone has 256"):
        CAFEHead(LevelShape(256, 2, 2, 7), PARAMS)


def test_a_tower_that_would_leave_out_a_border_is_refused():
    options = {**PARAMS.model_dump(), "tower_px": 50}
    with pytest.raises(UsageError, match=r"head\.tower_px: .* multiple of 32, got 50"):
        checked(CAFEParams, options, "head")
