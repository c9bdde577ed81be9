"""Added heads: every method carries them, and nothing else changes."""

import hashlib
from dataclasses import replace

import pytest
import safetensors.torch
import torch

from tests.networks import scratch
from train.fitting.trainer import run_losses
from train.methods import METHODS
from train.methods.added_heads import ADDED_HEADS, added_losses
from train.methods.backbones import BACKBONES
from train.methods.mixup import mixup
from train.methods.model import build_model, build_strategy
from train.options import ADDED_HEAD_NAMES
from train.records import Batch

LABELS = torch.tensor([0, 1, 2, 3])
VALUES = torch.tensor([[0.5, 0.25], [-0.5, 0.75], [1.0, -1.0], [float("nan")] * 2])


def numbers(method, heads=ADDED_HEAD_NAMES, **changes):
    shipped = scratch().train_of("demo", method)
    return shipped.model_copy(update={"image_px": 32, "heads": heads, **changes})


def built(method, heads=ADDED_HEAD_NAMES, **changes):
    torch.manual_seed(0)
    return build_model(METHODS[method], numbers(method, heads, **changes), 7)


def pictures(count=4):
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_the_names_that_params_may_have_are_the_family():
    assert set(ADDED_HEAD_NAMES) == set(ADDED_HEADS)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns_what_a_head_adds(method):
    params, model = numbers(method), built(method).train()
    latents = None
    if METHODS[method].reads_latents:
        latents = torch.randn(4, 196, params.head["latent_width"])
    batch = Batch(
        pictures(),
        LABELS,
        (torch.zeros(4, 1, 4, 4),),
        torch.ones(4, dtype=torch.bool),
        torch.Generator().manual_seed(0),
        rows_B=torch.arange(4),
        points_B682=torch.rand(4, 68, 2) - 0.5,
        latents_BPD=latents,
        valence_arousal_B2=VALUES,
    )
    strategy = build_strategy(METHODS[method], params)
    losses = run_losses(METHODS[method], params.model_copy(update={"alignment": None}), [1] * 7)
    batch = mixup(strategy.prepare_batch(batch, 7), 0.0, 7)
    forward = strategy.forward(model, batch)
    assert {*losses} == {*METHODS[method].losses, "valence_arousal"}
    assert forward.extra["valence_arousal"].shape == (4, 2)
    losses["valence_arousal"].function(forward, batch).backward()
    touched = [one.grad is not None and bool(one.grad.any()) for one in model.added.parameters()]
    assert all(touched)
    shallow = next(model.backbone.parameters()).grad
    assert shallow is not None
    assert shallow.isfinite().all()


@pytest.mark.parametrize("backbone", ["vit_tiny", "ir18", "swin_tiny", "dlib21", "vgg16"])
def test_every_kind_of_backbone_carries_it(backbone):
    assert backbone in BACKBONES
    changes = {"weights": "none", "backbone": backbone, "image_px": 64, "token_px": 8}
    model = built("cam", **changes).eval()
    with torch.no_grad():
        found = model(torch.rand(2, 3, 64, 64)).extra["valence_arousal"]
    assert found.shape == (2, 2)
    assert found.abs().max() <= 1


def test_without_one_there_is_no_weight_and_no_output_and_the_same_network():
    plain, added = built("cam", heads=()).eval(), built("cam").eval()
    weights = plain.state_dict()
    assert not [name for name in weights if name.startswith("added")]
    for name, one in weights.items():
        torch.testing.assert_close(added.state_dict()[name], one, atol=0, rtol=0)
    with torch.no_grad():
        forward = plain(pictures())
        torch.testing.assert_close(added(pictures()).logits_BK, forward.logits_BK, atol=0, rtol=0)
    assert "valence_arousal" not in forward.extra
    assert added_losses(numbers("cam", heads=())) == {}


def test_the_loss_needs_values_and_counts_the_faces_that_have_them():
    (loss,) = added_losses(numbers("cam")).values()
    batch = Batch(pictures(), LABELS, (), LABELS >= 0, torch.Generator(), valence_arousal_B2=VALUES)
    assert loss.needs_valence_arousal
    assert int(loss.count(batch)) == 3
    assert int(loss.count(replace(batch, valence_arousal_B2=VALUES[:1]))) == 1


@pytest.mark.parametrize("heads", [(), ADDED_HEAD_NAMES])
def test_a_file_of_weights_brings_them_along_or_says_that_they_are_left_out(
    tmp_path, heads, caplog
):
    first, file = built("cam"), tmp_path / "model.safetensors"
    torch.nn.init.ones_(first.added["valence_arousal"].linear.bias)
    tensors = {name: one.contiguous() for name, one in first.state_dict().items()}
    safetensors.torch.save_file(tensors, file)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    model = built("cam", heads, weights=str(file), weights_sha256=sha256)
    for name, one in model.state_dict().items():
        torch.testing.assert_close(one, first.state_dict()[name])
    assert ("not used: valence_arousal.linear" in caplog.text) == (not heads)
