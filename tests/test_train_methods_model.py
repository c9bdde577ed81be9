"""From a row of METHODS to a network, losses and a training strategy."""

import pytest
import torch

from errors import ProjectError
from tests.networks import scratch
from train.methods import METHODS
from train.methods.model import build_losses, build_model, build_strategy


@pytest.fixture(scope="module")
def params():
    return scratch().train.model_copy(update={"image_px": 32})


def test_equal_seeds_give_equal_networks(params):
    networks = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        networks.append(build_model(METHODS["cam"], params, 7).state_dict())
    one, other, third = networks
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert any(not torch.equal(one[name], third[name]) for name in one)


def test_losses_come_in_the_order_of_the_method(params):
    method = METHODS["acol"]
    assert list(build_losses(method, params, [1] * 7)) == list(method.losses)


def test_most_methods_change_no_batch(params):
    batch = object()
    assert build_strategy(METHODS["cam"], params).prepare_batch(batch, 7) is batch


def test_an_option_of_another_head_is_refused_by_name(params):
    changed = params.model_copy(update={"head": {"sparkle": 1}})
    with pytest.raises(ProjectError, match="sparkle"):
        build_model(METHODS["cam"], changed, 7)
