import hashlib
import random

import pytest
import torch
from torch import nn

from errors import CorruptError, DataError, NoInputError, UsageError
from train.methods import cafe, clip
from train.methods.base import LevelShape
from train.methods.cafe import (
    CAFEHead,
    diversity,
    draw_channel_mask,
    max_per_expression,
    separation,
)
from train.methods.clip import INPUTS, ImageTower, load_tower
from train.methods.losses import cross_entropy
from train.options import CAFEParams, DiversityParams, SeparationParams
from train.records import Batch, Forward
from validation import checked

PARAMS = CAFEParams(tower="random", tower_sha256=None, tower_px=32, tower_input="imagenet")
LEVEL = LevelShape(512, 2, 2)


@pytest.fixture(scope="module")
def golden(golden_losses):
    return {
        name.replace("cafe/", ""): value for name, value in golden_losses.items() if "cafe/" in name
    }


class Speck(nn.Module):
    """A tower as small as can be."""

    def __init__(self, seed=0):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1))
        self.layer = nn.Linear(3, 512)
        nn.init.zeros_(self.layer.bias)
        nn.init.normal_(self.layer.weight, generator=torch.Generator().manual_seed(seed))

    def forward(self, images):
        return self.layer(images.mean(dim=(2, 3)))


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
    monkeypatch.setattr(cafe, "draw_channel_mask", lambda rng, dropped: golden["keep_mask"])
    pooled = golden["pooled_f"].clone().requires_grad_()
    feature = pooled[..., None, None].expand(-1, -1, 2, 2)
    forward = head((feature,), extra={"clip_BC": golden["clip_feat"]})
    torch.testing.assert_close(forward.extra["masked_BC"], golden["masked_feat"])
    torch.testing.assert_close(forward.logits_BK, golden["logits_fc"], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(max_per_expression(forward.extra["masked_BC"]), golden["group_max"])
    batch = batch_of(golden["targets"])
    losses = [
        cross_entropy(forward, batch),
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
        torch.testing.assert_close(draw_channel_mask(rng, 10), expected)
    assert draw_channel_mask(rng, 10).sum() == 442


def test_a_batch_draws_its_channels_by_its_place_in_the_run(golden):
    masked = golden["masked_feat"]
    forward = Forward(torch.zeros(8, 7), (), extra={"masked_BC": masked})
    term = separation(SeparationParams(weight=1.0, dropped=60)).function
    batch, other = batch_of(golden["targets"]), batch_of(golden["targets"])
    other.rng.manual_seed(1)
    assert term(forward, batch) == term(forward, batch) != term(forward, other)


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
        CAFEHead(LevelShape(256, 2, 2), PARAMS)


def test_a_tower_that_would_leave_out_a_border_is_refused():
    options = {**PARAMS.model_dump(), "tower_px": 50}
    with pytest.raises(UsageError, match=r"head\.tower_px: .* multiple of 32, got 50"):
        checked(CAFEParams, options, "head")


def test_the_tower_sees_pictures_of_its_own_size():
    shown = []

    class Seeing(Speck):
        def forward(self, images):
            shown.append(images.shape)
            return super().forward(images)

    ImageTower(Seeing(), 64, INPUTS["imagenet"])(torch.rand(2, 3, 48, 48))
    assert shown == [(2, 3, 64, 64)]


def test_clips_own_normalisation_undoes_ours():
    grey = torch.zeros(1, 3, 1, 1)  # ImageNet's mean colour
    expected = (torch.tensor([0.485, 0.456, 0.406]) - torch.tensor(clip._CLIP_MEAN)) / torch.tensor(
        clip._CLIP_STD
    )
    torch.testing.assert_close(INPUTS["clip"](grey)[0, :, 0, 0], expected)


@pytest.mark.slow
def test_the_random_tower_is_the_same_every_time_and_leaves_chance_alone():
    torch.manual_seed(5)
    first = load_tower("random", None, 32, "imagenet")
    after = torch.rand(1)
    torch.manual_seed(5)
    assert load_tower("random", None, 32, "imagenet").sha256 == first.sha256
    torch.manual_seed(5)
    assert torch.rand(1) == after


def openais(net):
    """The same weights under OpenAI's names."""
    renamed = {
        "class_embedding": net["cls_token"][0, 0],
        "positional_embedding": net["pos_embed"][0],
        "conv1.weight": net["patch_embed.proj.weight"],
        "proj": net["head.weight"].T,
    }
    for theirs, ours in (("ln_pre", "norm_pre"), ("ln_post", "norm")):
        for part in ("weight", "bias"):
            renamed[f"{theirs}.{part}"] = net[f"{ours}.{part}"]
    parts = {"norm": "ln_", "attn.qkv.": "attn.in_proj_", "attn.proj": "attn.out_proj"}
    parts |= {"mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    for name, value in net.items():
        if name.startswith("blocks."):
            for ours, theirs in parts.items():
                name = name.replace(ours, theirs)
            renamed["transformer.res" + name.replace("blocks.", "blocks.", 1)] = value
    return {f"visual.{name}": value for name, value in renamed.items()}


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_a_tower_comes_from_a_file_by_openais_names_and_its_digest_is_asked_for(tmp_path):
    net = clip._random("random", None, 224)
    net.head.bias.data.zero_()
    path = tmp_path / "clip.pt"
    torch.save({**openais(net.state_dict()), "logit_scale": torch.ones(())}, path)
    with pytest.raises(UsageError, match=r"head\.tower_sha256: is not stated"):
        load_tower(str(path), None, 224, "imagenet")
    found = load_tower(str(path), digest_of(path), 224, "imagenet")
    assert found.sha256 == ImageTower(net, 224, INPUTS["imagenet"]).sha256


def test_a_file_that_holds_no_tower_says_what_it_lacks(tmp_path):
    path = tmp_path / "run.ckpt"
    torch.save({"epoch": 3, "state_dict": {"fc.weight": torch.zeros(7, 512), "step": 1}}, path)
    with pytest.raises(DataError, match=r'is no image tower of CLIP ViT-B/32: .*"cls_token"'):
        load_tower(str(path), digest_of(path), 32, "imagenet")


def test_a_tower_with_other_patches_is_not_resampled(tmp_path):
    path = tmp_path / "ViT-B-16.pt"
    torch.save({"visual.conv1.weight": torch.zeros(768, 3, 16, 16)}, path)
    with pytest.raises(DataError, match=r"visual\.conv1\.weight has patches of 16 px"):
        load_tower(str(path), digest_of(path), 32, "imagenet")


def test_a_tower_that_is_not_there_says_what_to_name():
    with pytest.raises(NoInputError, match=r"head\.tower: random, openai or a path"):
        load_tower("/nowhere.pt", None, 32, "imagenet")
