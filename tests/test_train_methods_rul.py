from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.networks import classifying, scratch
from train.fitting.optimisers import OPTIMISERS, grouped
from train.methods.base import Classifier, LevelShape
from train.methods.rul import (
    RULHead,
    mix_features,
    mixed_cross_entropy,
    uncertain_mixup,
)
from train.options import NoOptions, RULParams
from train.records import Batch, Forward

PARAMS = RULParams(width=64, dropout=0.4, lr_factor=10.0)


@pytest.fixture(scope="module")
def golden(golden_losses):
    return {
        name.removeprefix("rul/"): value for name, value in golden_losses.items() if "rul/" in name
    }


def test_the_mixture_and_its_loss_are_the_golden_ones(golden):
    feature, log_variance = (golden[name].clone().requires_grad_() for name in ("mu", "log_var"))
    weight = golden["fc_weight"].clone().requires_grad_()
    mixed = mix_features(feature, log_variance, golden["perm"])
    torch.testing.assert_close(mixed, golden["mixed"])
    logits = F.linear(mixed, weight, golden["fc_bias"])
    torch.testing.assert_close(logits, golden["logits"], atol=1e-5, rtol=1e-5)
    extra = {"mixed_logits_BK": logits, "partner_target": golden["y_partner"]}
    batch = Batch(torch.zeros(8, 1), golden["targets"], (), torch.ones(8).bool(), torch.Generator())
    loss = mixed_cross_entropy(classifying()).function(Forward(logits, (), extra=extra), batch)
    expected = float(golden["scalar/rul/loss"])
    assert float(loss.detach()) == pytest.approx(expected, abs=1e-6)
    loss.backward()
    for found, name in ((feature, "mu"), (log_variance, "log_var"), (weight, "fc_weight")):
        torch.testing.assert_close(found.grad, golden[f"grad_{name}"], atol=1e-6, rtol=1e-4)


def test_the_more_uncertain_face_takes_the_larger_share():
    features = torch.tensor([[0.0], [1.0]])
    mixed = mix_features(features, torch.tensor([[3.0], [1.0]]).log(), torch.tensor([1, 0]))
    torch.testing.assert_close(mixed, torch.tensor([[0.25], [0.25]]))


class Flat(nn.Module):
    """A backbone whose level is the picture."""

    def forward(self, images):
        return (images,), {}


def batch_of(faces):
    rng = torch.Generator().manual_seed(0)
    images = torch.rand(faces, 6, 2, 2, generator=rng)
    return Batch(images, torch.arange(faces), (), torch.ones(faces).bool(), rng)


def test_training_scores_mixtures_with_the_labels_of_both():
    model = Classifier(Flat(), RULHead(LevelShape(6, 2, 2, 7), PARAMS)).train()
    found = uncertain_mixup(NoOptions()).forward(model, batch_of(5))
    partners = found.extra["partner_target"]
    assert sorted(partners.tolist()) == list(range(5))
    mixed = mix_features(found.extra["feature_BD"], found.extra["log_variance_BD"], partners)
    torch.testing.assert_close(found.extra["mixed_logits_BK"], model.head.classifier(mixed))


def test_a_mixture_learns_the_soft_labels_of_both():
    model = Classifier(Flat(), RULHead(LevelShape(6, 2, 2, 7), PARAMS)).train()
    shares = torch.rand(5, 7).softmax(dim=1)
    batch = replace(batch_of(5), shares_BK=shares)
    found = uncertain_mixup(NoOptions()).forward(model, batch)
    logits = found.extra["mixed_logits_BK"]
    expected = [F.cross_entropy(logits, one) for one in (shares, found.extra["partner_target"])]
    loss = mixed_cross_entropy(classifying()).function(found, batch)
    torch.testing.assert_close(loss, torch.stack(expected).mean())
    assert (found.extra["partner_target"][:, None] == shares).all(dim=2).any(dim=1).all()


def test_evaluation_does_not_look_at_the_uncertainty():
    head = RULHead(LevelShape(6, 2, 2, 7), PARAMS).eval()
    before = head((batch_of(5).images_B3HW,)).logits_BK
    nn.init.constant_(head.log_variance[3].weight, 9.0)
    torch.testing.assert_close(head((batch_of(5).images_B3HW,)).logits_BK, before)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_classifier_learns_at_its_own_rate(name):

    params = scratch().train
    head = RULHead(LevelShape(6, 2, 2, 7), PARAMS)
    groups = OPTIMISERS[name](grouped(head, {}), params).param_groups
    factors = {id(weight): group["lr_factor"] for group in groups for weight in group["params"]}
    assert len(factors) == len(list(head.parameters()))
    own = {id(weight) for weight in head.classifier.parameters()}
    assert {factor for key, factor in factors.items() if key in own} == {10.0}
    assert {factor for key, factor in factors.items() if key not in own} == {1.0}
