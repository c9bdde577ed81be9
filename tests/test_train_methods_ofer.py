"""OFER's head, by hand and by its published shape."""

from typing import get_args

import pytest
import torch
from torch import nn

from anatomy.patches import GRID, PATCHES
from errors import UsageError
from tests.networks import scratch
from train.methods import METHODS, ofer
from train.methods.base import LATENTS, LevelShape
from train.methods.ofer import (
    CHOICES,
    PUBLISHED_PLACES,
    AttentionHead,
    LatentPooling,
    OFERHead,
    attended_places,
    joined_heads,
)
from train.options import OFERParams, head_options

LEVEL = LevelShape(32, 4, 4, 7)
PARAMS = OFERParams(latents="chosen", latent_width=6, mlp="attention")


def made(**changes):
    torch.manual_seed(0)
    return OFERHead(LEVEL, PARAMS.model_copy(update=changes)).eval()


@pytest.fixture
def level():
    return torch.rand(3, 32, 4, 4, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def latents():
    return torch.randn(3, PATCHES, 6, generator=torch.Generator().manual_seed(1))


def test_choices_are_those_that_may_be_named():
    named = get_args(OFERParams.model_fields["latents"].annotation)
    assert {*CHOICES, "none"} == set(named)


def test_heads_compete_for_every_channel_as_published():
    pooled = torch.tensor([[[1.0, 0.0], [1.0, 2.0]]])
    expected = torch.log(torch.tensor([0.5, 1 / (1 + torch.e**2)])) + torch.log(
        torch.tensor([0.5, torch.e**2 / (1 + torch.e**2)])
    )
    torch.testing.assert_close(joined_heads(pooled)[0], expected)


def test_a_head_gates_channels_then_places_and_pools():
    head = AttentionHead(8).eval()
    for one in (*head.channel_gate, head.reduce[0], *(shape[0] for shape in head.shapes)):
        for weight in one.parameters():
            nn.init.zeros_(weight)
    nn.init.ones_(head.shapes[0][0].bias)
    feature = torch.rand(2, 8, 3, 3)
    # gate: sigmoid(0) = .5; places: each of 8 channels gives 1 / sqrt(1 + eps), so 8 everywhere
    expected = 0.5 * feature.mean(dim=(2, 3)) * 8
    torch.testing.assert_close(head(feature), expected, rtol=1e-4, atol=1e-4)


def test_the_half_with_the_highest_attention_is_chosen():
    feature = torch.zeros(1, 4, GRID, GRID)
    feature[:, :, :, 7:] = 1
    chosen = attended_places(feature)
    assert chosen.sum() == PATCHES // 2
    assert chosen.view(GRID, GRID)[:, 7:].all()


def test_the_published_places_are_the_middle_of_the_face():
    assert len(PUBLISHED_PLACES) == 78 == len(set(PUBLISHED_PLACES))
    grid = torch.zeros(PATCHES)
    grid[list(PUBLISHED_PLACES)] = 1
    rows = grid.view(GRID, GRID)
    assert rows.sum(dim=1).tolist() == [0, 0, 0, 8, 8, 8, 8, 8, 8, 8, 8, 8, 6, 0]
    assert rows[3].nonzero()[:, 0].tolist() == list(range(3, 11))


def test_latents_of_places_that_are_not_chosen_do_not_matter(level, latents):
    pooling = LatentPooling(32, 6)
    chosen = torch.zeros(3, PATCHES, dtype=torch.bool)
    chosen[:, 10:20] = True
    other = torch.where(chosen[..., None], latents, latents + 5)
    feature = level.mean(dim=(2, 3))
    torch.testing.assert_close(pooling(feature, latents, chosen), pooling(feature, other, chosen))


def test_equal_latents_pool_to_their_value(level):
    pooling = LatentPooling(32, 6)
    one = torch.randn(1, 1, 6).expand(3, PATCHES, 6)
    everything = torch.ones(3, PATCHES, dtype=torch.bool)
    pooled = pooling(level.mean(dim=(2, 3)), one, everything)
    torch.testing.assert_close(pooled[:1], pooling.value(pooling.norm(one[:1, 0])))


@pytest.mark.parametrize("latents_of", ["all", "chosen", "published"])
def test_logits_follow_the_latents(latents_of, level, latents):
    head = made(latents=latents_of)
    features = (level,) * 5
    first = head(features, extra={LATENTS: latents}).logits_BK
    assert first.shape == (3, 7)
    assert not torch.allclose(first, head(features, extra={LATENTS: latents + 1}).logits_BK * 0)
    assert (first != head(features, extra={LATENTS: latents.flip(2)}).logits_BK).any()


def test_without_the_latent_branch_they_change_nothing(level, latents):
    head = made(latents="none")
    features = (level,) * 5
    torch.testing.assert_close(
        head(features, extra={LATENTS: latents}).logits_BK, head(features).logits_BK
    )


def test_the_published_layers_are_one_matrix(monkeypatch, level, latents):
    monkeypatch.setattr(ofer, "_PUBLISHED_WIDTHS", (20, 10, 8))
    head = made(latents="published", mlp="published")
    middle = latents[:, list(PUBLISHED_PLACES)]
    with torch.no_grad():
        zero, first, second, both = (
            head.stack(one) for one in (0 * middle, middle, middle.flip(1), middle + middle.flip(1))
        )
    torch.testing.assert_close(first + second - zero, both, rtol=1e-4, atol=1e-4)
    assert head((level,) * 5, extra={LATENTS: latents}).logits_BK.shape == (3, 7)


def test_the_published_layers_need_the_published_places():
    with pytest.raises(UsageError, match="set latents: published"):
        head_options(METHODS["ofer"], {"latents": "all", "latent_width": 6, "mlp": "published"})


def test_the_gradient_for_a_cam_is_taken_with_the_latents(level, latents):
    head = made()
    forward = head((level,) * 5, extra={LATENTS: latents})
    forward = type(forward)(forward.logits_BK, forward.features, None, {LATENTS: latents})
    assert head.gradient(forward, torch.tensor([0, 1, 2])).abs().sum() > 0


def test_shipped_numbers_turn_and_crop_no_face():
    shipped = scratch().train_of("demo", "ofer").augment
    assert (shipped.rotate_p, shipped.crop_area_min) == (0, 1)


def test_every_page_says_what_is_not_the_authors():
    assert "re-implementation" in OFERHead.caveat
    assert "not the authors'" in OFERHead.caveat


def test_the_sum_of_the_heads_is_normalised_whatever_the_scale_of_the_level(level):
    head, seen = made(latents="none").train(), []
    head.classifier.register_forward_pre_hook(lambda module, given: seen.append(given[0].detach()))
    head((level * 1000,))
    assert seen[0].mean().abs() < 1e-4
    assert seen[0].square().mean() == pytest.approx(1, abs=1e-3)
