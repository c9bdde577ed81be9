"""The scale of the loss against torch's GradScaler."""

import pytest
import torch

from train.fitting.loss_scale import LossScale

CPU = torch.device("cpu")
YES, NO = torch.tensor(True), torch.tensor(False)


def test_without_half_precision_nothing_changes():
    scale, loss, gradients = LossScale(False, CPU), torch.tensor(0.3), [torch.tensor([0.1])]
    assert scale.scale(loss) is loss
    scale.unscale_(gradients)
    scale.update(YES)
    assert float(gradients[0]) == float(torch.tensor(0.1))
    assert not scale.can_shrink


def test_gradients_come_back_as_they_would_be_without_it():
    weight = torch.tensor([1.5], requires_grad=True)
    scale = LossScale(True, CPU)
    scale.scale(weight.square().sum()).backward()
    scale.unscale_([weight.grad])
    assert float(weight.grad) == 3.0


@pytest.mark.parametrize("overflows", [[0], [0, 1, 5], [1999, 2000], []])
def test_it_grows_and_shrinks_as_torchs_does(overflows):
    ours, theirs = LossScale(True, CPU), torch.amp.GradScaler("cpu")
    weight = torch.nn.Parameter(torch.ones(1))
    optimiser = torch.optim.SGD([weight], lr=0.0)
    for step in range(2010):
        bad = step in overflows
        weight.grad = torch.tensor([torch.inf if bad else 1.0])
        theirs.scale(torch.zeros(1))
        theirs.step(optimiser)
        theirs.update()
        ours.update(YES if bad else NO)
    assert float(ours.state_dict()["scale"]) == theirs.get_scale()


def test_a_restored_one_goes_on_alike():
    first, second = LossScale(True, CPU), LossScale(True, CPU)
    first.update(YES)
    first.update(NO)
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()
