import math

import pytest
import torch

from errors import UsageError
from tests.networks import scratch
from train.fitting.optimisers import OPTIMISERS, SCHEDULES, grouped, learning_rate


@pytest.fixture(scope="module")
def params():
    shipped = scratch().train
    return shipped.model_copy(update={"lr": 1.0, "epochs": 10, "warmup_epochs": 0.0})


def rates(params, steps, epoch_steps=4, **changes):
    return [learning_rate(params.model_copy(update=changes), one, epoch_steps) for one in steps]


def test_the_published_schedule_falls_every_few_epochs(params):
    found = rates(params, [0, 15, 16, 31, 32], schedule="step", lr_step_epochs=4, lr_gamma=0.5)
    assert found == [1, 1, 0.5, 0.5, 0.25]


def test_the_published_schedule_has_a_floor(params):
    assert rates(params, [36], schedule="step", lr_step_epochs=1, lr_gamma=0.1) == [1e-7]


def test_the_cosine_falls_with_every_step_from_all_to_nothing(params):
    found = rates(params, [0, 10, 20, 30], schedule="cosine")
    expected = [1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2]
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_warm_up_is_linear_and_then_gone(params, schedule):
    warm, cold = (
        rates(params, range(12), schedule=schedule, warmup_epochs=epochs) for epochs in (2.0, 0.0)
    )
    shares = [one / other for one, other in zip(warm, cold, strict=True)]
    assert shares == pytest.approx([0.125 * step for step in range(1, 9)] + [1] * 4)


def test_an_unknown_schedule_names_the_known_ones(params):
    with pytest.raises(UsageError, match="known: cosine, step"):
        rates(params, [0], schedule="cosin")


def test_sgd_is_nesterovs(params):
    layer = torch.nn.Linear(1, 1, bias=False)
    layer.weight.data.fill_(1.0)
    changes = {"momentum": 0.5, "weight_decay": 0.0}
    optimiser = OPTIMISERS["sgd"](grouped(layer, {}), params.model_copy(update=changes))
    seen = []
    for _ in range(2):
        layer.weight.grad = torch.ones(1, 1)
        optimiser.step()
        seen.append(float(layer.weight.detach()))
    # gradient 1 each time: v = 1, 1.5; w falls by g + 0.5 v
    assert seen == [1 - 1.5, 1 - 1.5 - 1.75]


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_moves_every_weight(params, name):
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1), torch.nn.BatchNorm2d(2))
    before = [one.detach().clone() for one in model.parameters()]
    optimiser = OPTIMISERS[name](grouped(model, {}), params)
    for one in model.parameters():
        one.grad = torch.ones_like(one)
    optimiser.step()
    after = model.parameters()
    assert all((one != other).all() for one, other in zip(before, after, strict=True))


def test_a_weight_learns_at_its_own_factor_and_else_at_that_of_its_module():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2, bias=False))
    model[1].lr_factor = 10.0
    groups = grouped(model, {model[0].weight: 0.5})
    found = {id(weight): group["lr_factor"] for group in groups for weight in group["params"]}
    expected = {model[0].weight: 0.5, model[0].bias: 1.0, model[1].weight: 10.0}
    assert found == {id(weight): factor for weight, factor in expected.items()}
