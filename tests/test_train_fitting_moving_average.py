"""The EMA against torch's AveragedModel."""

import copy

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from train.fitting.moving_average import MovingAverage

YES, NO = torch.tensor(True), torch.tensor(False)


def networks(steps):
    """One small network that changes from step to step."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    for _ in range(steps):
        yield model
        model(torch.randn(8, 3))
        with torch.no_grad():
            for weight in model.parameters():
                weight.add_(torch.randn_like(weight))


def test_it_is_torchs_average_of_weights_and_statistics():
    ours = theirs = None
    for model in networks(5):
        if ours is None:
            ours = MovingAverage(model, 0.75)
            theirs = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.75), use_buffers=True)
        else:
            ours.update(NO)
        theirs.update_parameters(model)
    found, expected = ours.model.state_dict(), theirs.module.state_dict()
    for name in found:
        if found[name].is_floating_point():
            torch.testing.assert_close(found[name], expected[name])


def test_a_skipped_step_changes_no_average():
    ours = None
    for model in networks(3):
        ours = ours or MovingAverage(model, 0.75)
    before = copy.deepcopy(ours.model.state_dict())
    ours.update(YES)
    after = ours.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before if "num" not in name)
