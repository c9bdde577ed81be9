import pytest
import torch
from torch import nn

from tests.networks import classifying
from tests.one_class import only_class
from train.methods.acol import ACoLHead, erased_cross_entropy
from train.methods.base import LevelShape
from train.options import ACoLParams
from train.records import Batch, Forward


@pytest.fixture
def erasing():
    head = ACoLHead(LevelShape(7, 2, 2, 7), ACoLParams(width=4, threshold=0.5))
    head.first, head.second = nn.Identity(), nn.Identity()
    return head


def two_classes():
    """Class 1 lights up on the left and wins; class 3 at the bottom."""
    feature = only_class(1, torch.tensor([[4.0, 0.0], [4.0, 1.0]]))
    feature[0, 3] = torch.tensor([[0.0, 0.0], [2.0, 2.0]])
    return feature.requires_grad_()


def test_acol_erases_where_the_first_branch_sees_the_label(erasing):
    found = erasing((two_classes(),), torch.tensor([3]))
    erased = found.extra["erased_logits_BK"]
    torch.testing.assert_close(erased[0, [1, 3]], torch.tensor([4.0 / 4, 0.0]))
    torch.testing.assert_close(found.logits_BK[0, [1, 3]], torch.tensor([9.0 / 4, 1.0]))


def test_acol_without_labels_erases_what_it_predicts(erasing):
    found = erasing((two_classes(),))
    erased = found.extra["erased_logits_BK"]
    torch.testing.assert_close(erased[0, [1, 3]], torch.tensor([1.0 / 4, 2.0 / 4]))


def test_acol_shows_the_higher_of_both_maps(erasing):
    found = erasing((two_classes(),))
    # First branch [[1, 0], [1, .25]]; what the second still sees, [[0, 0], [0, 1]].
    torch.testing.assert_close(found.maps_BKHW[0, 1], torch.tensor([[1.0, 0.0], [1.0, 1.0]]))


def test_acols_mask_carries_no_gradient(erasing):
    feature = two_classes()
    erasing((feature,)).extra["erased_logits_BK"].sum().backward()
    torch.testing.assert_close(
        feature.grad[0], torch.tensor([[0.0, 0.25], [0.0, 0.25]]).expand(7, 2, 2)
    )


def test_the_erased_loss_is_the_cross_entropy_of_the_second_branch():
    extra = {"erased_logits_BK": torch.zeros(2, 7)}
    forward = Forward(torch.full((2, 7), torch.nan), (), extra=extra)
    batch = Batch(torch.zeros(2), torch.tensor([0, 6]), (), torch.ones(2), torch.Generator())
    torch.testing.assert_close(
        erased_cross_entropy(classifying()).function(forward, batch), torch.tensor(7.0).log()
    )
