import pytest
import torch
from torch import nn

from errors import UsageError
from tests.networks import plain_cross_entropy
from train.methods.base import Classifier, LevelShape
from train.methods.eac import class_maps, mirror_consistency, mirrored
from train.methods.gap import GAPHead
from train.methods.prm import PRMHead
from train.options import ConsistencyParams, MirroredParams, PRMParams
from train.records import Batch, Forward


@pytest.fixture(scope="module")
def golden(golden_losses):
    return {
        name.removeprefix("eac/"): value for name, value in golden_losses.items() if "eac/" in name
    }


class Flat(nn.Module):
    """A backbone whose level is the picture, and that remembers what it was shown."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def forward(self, images):
        self.shown.append(images)
        return (images,), {}


def consistency(first, second, weight=1.0):
    extra = {"class_maps_BKHW": first, "mirrored_maps_BKHW": second.flip(-1)}
    forward = Forward(torch.zeros(len(first), 7), (), extra=extra)
    return mirror_consistency(ConsistencyParams(weight=weight)).function(forward, None)


def test_class_maps_are_the_golden_ones(golden):
    for view in ("1", "2"):
        found = class_maps(golden["fc_weight"], golden[f"feat{view}"])
        torch.testing.assert_close(found, golden[f"cam{view}"], atol=1e-5, rtol=1e-4)


def test_the_consistency_is_the_golden_one(golden):
    found = consistency(golden["cam1"], golden["cam2"])
    assert float(found) == pytest.approx(float(golden["scalar/eac/flip"]), abs=1e-6)
    small = consistency(golden["small_cam1"], golden["small_cam2"])
    assert float(small) == pytest.approx(float(golden["scalar/eac/small_flip"]), abs=1e-5)


def test_the_whole_step_is_the_golden_one(golden):
    """Both views by hand, since the golden features are no pictures of each other."""
    first, second = (golden[f"feat{view}"].clone().requires_grad_() for view in ("1", "2"))
    head = GAPHead(LevelShape(2048, 7, 7, 7))
    head.linear.weight = nn.Parameter(golden["fc_weight"])
    head.linear.bias = nn.Parameter(golden["fc_bias"])
    forward = head((first,))
    batch = Batch(first, golden["targets"], (), torch.ones(2).bool(), torch.Generator())
    maps = [class_maps(head.class_weights(), one) for one in (first, second)]
    flip = consistency(*maps)
    norms = [grad.norm() for grad in torch.autograd.grad(flip, (first, second), retain_graph=True)]
    assert [float(norm) for norm in norms] == pytest.approx(
        [float(golden[f"scalar/eac/gradnorm_flip_feat{view}"]) for view in ("1", "2")], abs=1e-6
    )
    total = plain_cross_entropy(forward, batch) + 5 * flip
    assert float(total.detach()) == pytest.approx(float(golden["scalar/eac/total_lam5"]), abs=1e-5)
    total.backward()
    expected = golden["grad_total_wrt_fc_weight"]
    torch.testing.assert_close(head.linear.weight.grad, expected, atol=1e-6, rtol=1e-4)


def test_the_second_view_is_the_mirror_image_of_the_augmented_first():
    model = Classifier(Flat(), GAPHead(LevelShape(3, 2, 4, 7)))
    images = torch.rand(2, 3, 2, 4)
    batch = Batch(images, torch.tensor([0, 1]), (), torch.ones(2).bool(), torch.Generator())
    strategy = mirrored(MirroredParams(second_view="augmented"))
    assert not strategy.second_view
    found = strategy.forward(model, batch)
    first, second = model.backbone.shown
    torch.testing.assert_close(first, images)
    torch.testing.assert_close(second, images.flip(3))
    assert mirror_consistency(ConsistencyParams(weight=5.0)).function(found, batch) == 0
    torch.testing.assert_close(found.logits_BK, model(images).logits_BK)


def test_for_noisy_labels_it_is_the_mirror_image_of_the_face_that_was_erased_by_itself():
    strategy = mirrored(MirroredParams(second_view="erased_apart"))
    assert strategy.second_view
    model = Classifier(Flat(), GAPHead(LevelShape(3, 2, 4, 7)))
    images, other = torch.rand(2, 2, 3, 2, 4)
    labels = torch.tensor([0, 1])
    batch = Batch(images, labels, (), labels >= 0, torch.Generator(), second_B3HW=other)
    found = strategy.forward(model, batch)
    torch.testing.assert_close(model.backbone.shown[1], other.flip(3))
    weights = model.head.class_weights()
    torch.testing.assert_close(found.extra["mirrored_maps_BKHW"], class_maps(weights, other))


def test_a_head_without_class_weights_is_refused_before_the_first_step():
    model = Classifier(Flat(), PRMHead(LevelShape(3, 2, 4, 7), PRMParams(window=1)))
    with pytest.raises(UsageError, match="linear in the pooled level"):
        mirror_consistency(ConsistencyParams(weight=5.0)).check(model)
