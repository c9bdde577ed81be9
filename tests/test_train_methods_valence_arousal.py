"""The head, its loss, and what blending faces does to its targets."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from measures.valence_arousal import agreement, moments
from store.reading import VALENCE_AROUSAL
from tests.networks import shipped
from tests.two_faces import two_faces
from train.methods.base import LevelShape
from train.methods.cutmix import paste_boxes
from train.methods.mixup import mixup
from train.methods.valence_arousal import (
    ValenceArousalHead,
    concordance,
    valence_arousal_loss,
)
from train.params import ValenceArousalParams
from train.records import Batch, Forward

NAN = float("nan")


def batch_of(true_B2):
    count = len(true_B2)
    return Batch(
        torch.zeros(count, 3, 8, 8),
        torch.zeros(count, dtype=torch.long),
        (),
        torch.ones(count, dtype=torch.bool),
        torch.Generator().manual_seed(0),
        valence_arousal_B2=torch.tensor(true_B2),
    )


def loss_of(predicted_B2, true_B2, weight=1.0):
    params = shipped().model_copy(update={"valence_arousal": ValenceArousalParams(weight=weight)})
    loss = valence_arousal_loss(params)
    forward = Forward(torch.zeros(1), (), extra={VALENCE_AROUSAL: predicted_B2})
    batch = batch_of(true_B2)
    return loss.function(forward, batch), int(loss.count(batch))


def test_the_loss_is_one_minus_the_ccc_that_is_scored():
    rng = np.random.default_rng(0)
    true, predicted = rng.uniform(-1, 1, (2, 20, 2)).astype(np.float32)
    found, counted = loss_of(torch.tensor(predicted), true.tolist(), weight=0.5)
    expected = agreement(moments(predicted, true).sum(axis=0)).ccc
    assert float(found.detach()) == pytest.approx(0.5 * (1 - expected.mean()), abs=1e-6)
    assert counted == 20


def test_a_face_without_both_values_does_not_count():
    true = [[0.5, -0.5], [NAN, 0.5], [-1.0, 1.0], [NAN, NAN]]
    predicted = torch.tensor([[0.5, -0.5], [9.0, 9.0], [-1.0, 1.0], [-9.0, 9.0]])
    found, counted = loss_of(predicted.requires_grad_(), true)
    assert (float(found.detach()), counted) == (pytest.approx(0, abs=1e-6), 2)
    found.backward()
    assert predicted.grad.isfinite().all()
    assert not predicted.grad[[1, 3]].any()


@pytest.mark.parametrize("known", [0, 1])
def test_with_less_than_two_faces_it_is_zero_and_has_no_gradient(known):
    true = [[0.5, 0.5]] * known + [[NAN, NAN]] * (3 - known)
    predicted = torch.ones(3, 2, requires_grad=True)
    found, counted = loss_of(predicted, true)
    found.backward()
    assert (float(found.detach()), counted) == (0, known)
    assert not predicted.grad.any()


def test_equal_faces_give_no_nan():
    found, _ = loss_of(torch.full((4, 2), 0.25).requires_grad_(), [[0.25, 0.25]] * 4)
    found.backward()
    assert float(found.detach()) == 1


def test_a_perfect_guess_has_a_concordance_of_one():
    true = torch.tensor([[0.1, 0.2], [0.3, -0.4], [-0.5, 0.6]])
    torch.testing.assert_close(concordance(true, true, torch.ones(3).bool()), torch.ones(2))


def test_the_head_averages_the_level_and_cuts_off_only_after_training():
    head = ValenceArousalHead(LevelShape(4, 2, 2, 7))
    torch.nn.init.ones_(head.linear.weight)
    level = torch.full((3, 4, 2, 2), 0.5)
    assert head.train()(level).tolist() == [[2.0, 2.0]] * 3
    assert head.eval()(level).tolist() == [[1.0, 1.0]] * 3


def test_mixup_blends_the_values_and_not_knowing():
    batch = replace(two_faces(), valence_arousal_B2=torch.tensor([[1.0, 0.0], [0.0, -1.0]]))
    mixed = mixup(batch, 1.0, 7)
    own_B2 = mixed.shares_BK.gather(1, batch.labels_B[:, None])
    expected = own_B2 * batch.valence_arousal_B2 + (1 - own_B2) * batch.valence_arousal_B2.flip(0)
    torch.testing.assert_close(mixed.valence_arousal_B2, expected)
    unknown = replace(two_faces(), valence_arousal_B2=torch.tensor([[1.0, 0.0], [NAN, NAN]]))
    swapped = (mixed.shares_BK[0] > 0).sum() == 2
    assert mixup(unknown, 1.0, 7).valence_arousal_B2[0].isnan().all() == swapped


def test_cutmix_shares_the_values_by_area():
    values = torch.tensor([[1.0, 0.0], [-1.0, 0.5]])
    batch = replace(batch_of(values.tolist()), labels_B=torch.tensor([1, 4]))
    half = torch.tensor([[0, 8], [0, 4]])
    pasted = paste_boxes(batch, torch.tensor([1, 0]), half, 7)
    assert pasted.valence_arousal_B2.tolist() == [[0.0, 0.25], [0.0, 0.25]]
    nothing = paste_boxes(batch_of([[1.0, 0.0], [NAN, NAN]]), torch.tensor([1, 0]), 0 * half, 7)
    assert nothing.valence_arousal_B2[0].tolist() == [1.0, 0.0]


def test_blending_leaves_a_batch_without_values_without():
    assert mixup(two_faces(), 1.0, 7).valence_arousal_B2 is None
