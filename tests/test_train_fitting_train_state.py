import copy

import numpy as np
import pytest
import torch
from torch import nn

from tests.basic7 import EXPRESSIONS
from tests.networks import scratch
from tests.resuming import CPU
from train.checkpoint import load, save
from train.fitting.distributed import Distributed
from train.fitting.train_state import StepInfo, TrainingLabels, TrainState, make_generator
from train.methods import Method
from train.records import Batch, Forward, Loss

ALONE = Distributed.single(CPU)
NONE = (False, False)
INFO = StepInfo(lr=0.1, epoch=0)
LABELS = np.zeros(8, np.int64)


class Linear(nn.Module):
    """A model whose only layer sees the mean of each channel."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Identity()
        self.layer = nn.Linear(3, 7)
        self.norm = nn.BatchNorm1d(3, affine=False)

    def forward(self, images, labels=None):
        self.norm(images.mean(dim=(2, 3)))
        return Forward(self.layer(images.mean(dim=(2, 3))), ())


def error(forward, batch):
    return nn.functional.cross_entropy(forward.logits_BK, batch.labels_B)


@pytest.fixture
def params():
    shipped = scratch().train
    return shipped.model_copy(update={"optimiser": "sgd", "momentum": 0.9})


@pytest.fixture
def state(params, monkeypatch):
    """A function: (loss, ranks, changed params) -> train state of the linear model."""
    monkeypatch.setattr(
        "train.fitting.train_state.build_model", lambda method, params, classes: Linear()
    )

    def make(loss=error, distributed=ALONE, **changes):
        method = Method("gap", "plain", "class_map", ("cross_entropy",))
        changed = params.model_copy(update=changes)
        return TrainState(
            method,
            changed,
            {"error": Loss(loss)},
            distributed,
            TrainingLabels(LABELS, EXPRESSIONS),
            0,
        )

    return make


def batch(count, seed=0):
    rng = torch.Generator().manual_seed(seed)
    images = torch.randn(count, 3, 4, 4, generator=rng)
    labels = torch.randint(7, (count,), generator=rng)
    maps, valid = torch.zeros(count, 1, 2, 2), torch.ones(count, dtype=torch.bool)
    return Batch(images, labels, (maps,), valid, rng)


def weights(state):
    return copy.deepcopy(state.model.layer.state_dict())


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_the_losses_see_the_batch_that_the_training_strategy_made(params, monkeypatch):
    monkeypatch.setattr(
        "train.fitting.train_state.build_model", lambda method, params, classes: Linear()
    )
    seen = []

    def loss(forward, batch):
        seen.append(batch.shares_BK)
        return error(forward, batch)

    method = Method("gap", "cutmix", "class_map", ("cross_entropy",))
    mixing = params.model_copy(update={"training_strategy": {"probability": 1.0}})
    TrainState(
        method, mixing, {"error": Loss(loss)}, ALONE, TrainingLabels(LABELS, EXPRESSIONS), 0
    ).step([batch(4)], 1, INFO, NONE)()
    torch.testing.assert_close(seen[0].sum(dim=1), torch.ones(4))


def test_a_step_without_a_finite_loss_changes_nothing(state):
    made = state(lambda forward, batch: error(forward, batch) * torch.nan)
    before = copy.deepcopy(made.state_dict())
    outcome = made.step([batch(4)], 1, INFO, NONE)()
    assert not outcome.finite
    after = made.state_dict()
    whole = before["model"].keys() - {"norm.num_batches_tracked"}
    assert equal({key: before["model"][key] for key in whole}, after["model"])
    assert before["optimiser"]["state"] == after["optimiser"]["state"]


def test_a_step_without_a_finite_gradient_changes_nothing(state):
    made = state(lambda forward, batch: (0 * forward.logits_BK).sum().sqrt())
    before = weights(made)
    assert not made.step([batch(4)], 1, INFO, NONE)().finite
    assert equal(before, weights(made))


def test_two_half_batches_make_the_step_of_a_whole_one(state):
    whole, halves = state(), state()
    both = batch(8)
    parts = [
        Batch(both.images_B3HW[part], both.labels_B[part], both.maps, both.valid_B[part], both.rng)
        for part in (slice(4), slice(4, 8))
    ]
    first = whole.step([both], 1, INFO, NONE)()
    second = halves.step(parts, 2, INFO, NONE)()
    assert second.losses["error"] == pytest.approx(first.losses["error"], rel=1e-6)
    torch.testing.assert_close(weights(halves), weights(whole), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("norm", [0.01, 1000.0])
def test_gradients_are_clipped_to_their_norm(state, norm):
    made, free = state(clip_norm=norm, weight_decay=0.0), state()
    for one in (made, free):
        one.step([batch(8)], 1, INFO, NONE)
    sizes = [
        float(torch.cat([p.grad.flatten() for p in one.model.parameters()]).norm())
        for one in (made, free)
    ]
    assert sizes[0] == pytest.approx(min(sizes[1], norm), rel=1e-4)


def test_the_ema_follows_the_weights_and_is_what_is_validated(state):
    made = state(ema=0.75)
    begin = made.model.layer.weight.detach().clone()
    made.step([batch(8)], 1, INFO, NONE)
    expected = 0.75 * begin + 0.25 * made.model.layer.weight
    torch.testing.assert_close(made.eval_model.layer.weight, expected)
    assert state(ema=0.0).eval_model is not made.eval_model


def test_without_an_ema_the_model_itself_is_validated(state):
    made = state(ema=0.0)
    assert made.eval_model is made.model


def test_half_precision_may_overflow_and_lowers_its_scale(state):
    made = state(amp="fp16")
    saved = made.state_dict()
    saved["loss_scale"]["scale"] = torch.tensor(2.0**60)
    made.load_state_dict(saved)
    before = weights(made)
    assert made.step([batch(4)], 1, INFO, NONE)().finite
    assert equal(before, weights(made))
    assert made.state_dict()["loss_scale"]["scale"] == 2.0**59


def test_a_flag_of_a_rank_comes_back(state):
    assert state().step([batch(4)], 1, INFO, (False, True))().flags == (False, True)


def test_a_generator_depends_on_its_key_alone():
    first = make_generator(CPU, 0, 1, 2).initial_seed(), torch.rand(1)
    torch.rand(5)
    assert (make_generator(CPU, 0, 1, 2).initial_seed(), torch.rand(1)) == first
    assert make_generator(CPU, 0, 1, 3).initial_seed() != first[0]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["default", "reduce-overhead"])
@pytest.mark.parametrize("amp", ["none", "bf16"])
def test_a_compiled_step_gives_the_same_losses(state, amp, mode):
    plain, fast = state(amp=amp), state(amp=amp, compile=mode)
    for seed in range(3):
        losses = [
            one.step([batch(8, seed)], 1, INFO, NONE)().losses["error"] for one in (plain, fast)
        ]
        assert losses[1] == pytest.approx(losses[0], rel=1e-2 if amp == "bf16" else 1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_adamws_step_counts_are_on_the_gpu_that_counts_them(state, tmp_path):
    gpu = Distributed.single(torch.device("cuda", 0))
    made = state(distributed=gpu, optimiser="adamw")
    given = batch(4)
    images, labels, valid = (
        one.to(gpu.device) for one in (given.images_B3HW, given.labels_B, given.valid_B)
    )
    on_gpu = Batch(images, labels, (), valid, torch.Generator(gpu.device))
    made.step([on_gpu], 1, INFO, NONE)
    save(tmp_path / "last.ckpt", made.state_dict())
    resumed = state(distributed=gpu, optimiser="adamw")
    resumed.load_state_dict(load(tmp_path / "last.ckpt"))
    kept = resumed.optimiser.state_dict()["state"].values()
    assert {one["step"].device.type for one in kept} == {"cuda"}
    assert {one["exp_avg"].device.type for one in kept} == {"cuda"}
