"""The classification loss against torch's, scikit-learn's, and sums by hand."""

import math
from typing import get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.utils.class_weight import compute_class_weight

from errors import UsageError
from tests.networks import classifying
from train.methods.classification_loss import CLASS_WEIGHTS, LOSS_KINDS, classification_loss
from train.params import ClassificationParams

COUNTS = (40, 30, 10, 5, 10, 2, 3)


def logits(count=4):
    return torch.randn(count, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float32)


LABELS = torch.tensor([0, 5, 3, 3])


def test_a_named_choice_names_the_functions_that_there_are():
    fields = ClassificationParams.model_fields
    assert get_args(fields["loss"].annotation) == tuple(LOSS_KINDS)
    assert get_args(fields["class_weights"].annotation) == tuple(CLASS_WEIGHTS)


def test_as_shipped_it_is_cross_entropy_to_the_bit():
    assert torch.equal(classifying()(logits(), LABELS), F.cross_entropy(logits(), LABELS))


def test_inverse_weights_are_scikit_learns_balanced_ones():
    labels = [number for number, count in enumerate(COUNTS) for _ in range(count)]
    expected = compute_class_weight("balanced", classes=np.arange(7), y=labels)
    assert classifying(COUNTS, class_weights="inverse").weights_K == pytest.approx(expected)


def test_effective_numbers_by_hand():
    found = classifying((1, 2), class_weights="effective_number", effective_beta=0.5)
    raw = (1, 0.5 / 0.75)
    assert found.weights_K == pytest.approx([2 * one / sum(raw) for one in raw])


@pytest.mark.parametrize(("beta", "like"), [(0.0, "none"), (1 - 1e-7, "inverse")])
def test_effective_numbers_lie_between_no_weights_and_inverse_ones(beta, like):
    found = classifying(COUNTS, class_weights="effective_number", effective_beta=beta).weights_K
    expected = classifying(COUNTS, class_weights=like).weights_K or (1.0,) * 7
    ratio = [one / other for one, other in zip(found, expected, strict=True)]
    assert ratio == pytest.approx([ratio[0]] * 7, rel=1e-4)


@pytest.mark.parametrize("name", ["inverse", "effective_number"])
def test_a_class_without_faces_has_no_weight_and_harms_no_other(name):
    found = classifying((4, 0, 4), class_weights=name).weights_K
    assert found == pytest.approx((1, 0, 1))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("name", CLASS_WEIGHTS)
def test_weights_and_smoothing_are_torchs_averaged_over_faces(name, smoothing):
    loss = classifying(COUNTS, class_weights=name, label_smoothing=smoothing)
    weights = None if loss.weights_K is None else torch.tensor(loss.weights_K)
    options = {"weight": weights, "label_smoothing": smoothing, "reduction": "none"}
    expected = F.cross_entropy(logits(), LABELS, **options).mean()
    torch.testing.assert_close(loss(logits(), LABELS), expected)


def test_focal_loss_by_hand():
    probabilities = logits().softmax(dim=1)[torch.arange(4), LABELS]
    expected = -((1 - probabilities) ** 2 * probabilities.log()).mean()
    torch.testing.assert_close(classifying(loss="focal")(logits(), LABELS), expected)


def test_focal_loss_with_gamma_zero_is_cross_entropy():
    changes = {"class_weights": "inverse", "label_smoothing": 0.2}
    focal = classifying(COUNTS, loss="focal", focal_gamma=0.0, **changes)
    plain = classifying(COUNTS, **changes)
    torch.testing.assert_close(focal(logits(), LABELS), plain(logits(), LABELS))


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_a_face_known_for_certain_gives_focal_loss_a_finite_gradient(gamma):
    sure = torch.tensor([[200.0, 0, 0, 0, 0, 0, 0]], requires_grad=True)
    classifying(loss="focal", focal_gamma=gamma)(sure, torch.tensor([0])).backward()
    assert sure.grad.isfinite().all()


def test_logit_adjustment_by_hand():
    shift = torch.tensor([math.log(count / sum(COUNTS)) for count in COUNTS])
    loss = classifying(COUNTS, loss="logit_adjusted", logit_tau=0.5)
    expected = F.cross_entropy(logits() + 0.5 * shift, LABELS)
    torch.testing.assert_close(loss(logits(), LABELS), expected)


def test_logit_adjustment_of_equal_classes_changes_nothing():
    found = classifying(loss="logit_adjusted")(logits(), LABELS)
    torch.testing.assert_close(found, F.cross_entropy(logits(), LABELS))


def test_logit_adjustment_stands_a_class_without_faces():
    counts = (0, *COUNTS[1:])
    loss = classifying(counts, loss="logit_adjusted", label_smoothing=0.1)
    assert loss(logits(), LABELS).isfinite()


@pytest.mark.parametrize("name", CLASS_WEIGHTS)
@pytest.mark.parametrize("kind", LOSS_KINDS)
def test_shares_of_mixed_faces_count_one_by_one(kind, name):
    loss = classifying(COUNTS, loss=kind, class_weights=name, label_smoothing=0.1)
    shares = torch.tensor([[0.25, 0.75, 0, 0, 0, 0, 0]])
    first, second = (float(loss(logits(1), torch.tensor([label]))) for label in (0, 1))
    assert float(loss(logits(1), shares)) == pytest.approx(0.25 * first + 0.75 * second, rel=1e-5)


@pytest.mark.parametrize("name", CLASS_WEIGHTS)
@pytest.mark.parametrize("kind", LOSS_KINDS)
def test_a_batch_is_the_mean_of_its_faces(kind, name):
    loss = classifying(COUNTS, loss=kind, class_weights=name)
    faces = [float(loss(logits()[[row]], LABELS[[row]])) for row in range(4)]
    assert float(loss(logits(), LABELS)) == pytest.approx(sum(faces) / 4, rel=1e-5)


def test_an_unknown_kind_names_the_known_ones():
    params = ClassificationParams.model_construct(loss="focl", class_weights="none")
    with pytest.raises(UsageError, match=r"known: cross_entropy, focal.*Did you mean 'focal'"):
        classification_loss(params, COUNTS)
