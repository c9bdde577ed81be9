"""The family of losses."""

import math

import pytest
import torch

from tests.networks import plain_cross_entropy as cross_entropy
from train.methods.losses import LOSSES
from train.options import LOSS_OPTIONS
from train.records import Batch, Forward


def batch(labels, mixed=None):
    count = len(labels)
    return Batch(
        torch.zeros(count, 3, 1, 1),
        torch.tensor(labels),
        (),
        torch.ones(count, dtype=bool),
        torch.Generator(),
        shares_BK=mixed,
    )


def test_a_model_that_knows_nothing_has_the_entropy_of_seven_classes():
    found = cross_entropy(Forward(torch.zeros(2, 7), ()), batch([0, 3]))
    assert float(found) == pytest.approx(math.log(7))


def test_mixed_faces_count_by_their_shares():
    logits = torch.randn(1, 7, generator=torch.Generator().manual_seed(0))
    forward = Forward(logits, ())
    shares = torch.tensor([[0.25, 0.75, 0, 0, 0, 0, 0]])
    first, second = (float(cross_entropy(forward, batch([label]))) for label in (0, 1))
    found = float(cross_entropy(forward, batch([0], shares)))
    assert found == pytest.approx(0.25 * first + 0.75 * second, rel=1e-6)


def test_every_loss_has_a_model_of_its_options():
    assert set(LOSSES) == set(LOSS_OPTIONS)
