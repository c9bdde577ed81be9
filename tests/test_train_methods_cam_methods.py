import warnings

import pytest
import torch
from torch import nn

from errors import UsageError
from tests.flat_model import OPTIONS, Flat, made
from train.images import minmax_normalize
from train.methods.apvit import token_importance
from train.methods.base import Classifier, Head, LevelShape
from train.methods.cam_methods import (
    CAM_METHODS,
    class_map,
    gradcam,
    gradcam_pp,
    gradcam_pp_published,
    head_map,
    layercam,
)
from train.methods.gap import GAPHead
from train.methods.ts_cam import ts_cam
from train.records import Forward

LEVEL = LevelShape(8, 10, 10, 7)


class Logits(nn.Module):
    """What the oracles want: a module that returns scores."""

    def __init__(self, model):
        super().__init__()
        self.net, self.head = model.backbone.net, model.head

    def forward(self, images):
        return self.head((self.net(images),)).logits_BK


@pytest.fixture(params=sorted({*OPTIONS} - {"acol", "ts_cam"}))
def model(request):
    torch.manual_seed(0)
    return Classifier(Flat(), made(request.param, LEVEL)).eval()


@pytest.fixture
def pooled():
    torch.manual_seed(0)
    return Classifier(Flat(), GAPHead(LEVEL)).eval()


@pytest.fixture
def images():
    return torch.rand(3, 3, 10, 10, generator=torch.Generator().manual_seed(1))


CLASSES = torch.tensor([0, 3, 6])


def test_gradcam_of_a_pooled_linear_head_is_the_positive_class_map_over_its_pixels(pooled, images):
    forward = pooled(images)
    expected = class_map(pooled, forward, CLASSES).relu() / 100
    torch.testing.assert_close(gradcam(pooled, forward, CLASSES), expected)


def test_the_closed_form_of_the_gradient_is_the_general_one(pooled, images):
    forward = pooled(images)
    closed, general = (
        gradient(pooled.head, forward, CLASSES) for gradient in (GAPHead.gradient, Head.gradient)
    )
    torch.testing.assert_close(closed, general)


def test_layercam_and_the_published_gradcam_pp_of_a_pooled_head_use_positive_weights(
    pooled, images
):
    forward = pooled(images)
    weights, feature = pooled.head.linear.weight[CLASSES].relu(), forward.features[-1]
    for cam_method, power in ((layercam, 1), (gradcam_pp_published, 3)):
        expected = torch.einsum("bc,bchw->bhw", weights**power, feature)
        torch.testing.assert_close(
            minmax_normalize(cam_method(pooled, forward, CLASSES)), minmax_normalize(expected)
        )


def test_gradcam_pp_of_a_2x2_map_is_that_by_hand():
    """One channel, weight 2 on class 0: g = 1/2 everywhere, alpha = 1 / (2 + 10 / 2) = 1/7."""
    head = GAPHead(LevelShape(1, 1, 1, 7))
    nn.init.constant_(head.linear.weight, 2.0)
    feature = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    found = gradcam_pp(Classifier(Flat(), head), head((feature,)), torch.tensor([0]))
    torch.testing.assert_close(found, 4 * (1 / 7) * (1 / 2) * feature[:, 0])


GRAD_CAM = {"GradCAM": gradcam, "GradCAMPlusPlus": gradcam_pp, "LayerCAM": layercam}
TORCHCAM = {"GradCAM": gradcam, "GradCAMpp": gradcam_pp_published, "LayerCAM": layercam}


@pytest.mark.parametrize("name", GRAD_CAM)
def test_maps_are_those_of_the_package_grad_cam(model, images, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = pytest.importorskip("pytorch_grad_cam", reason="make setup installs it")
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    for weight in list(model.parameters())[-2:]:
        weight.data *= 100  # beside which the 1e-6 that it adds below its alphas is nothing
    targets = [ClassifierOutputTarget(number) for number in CLASSES.tolist()]
    wrapped = Logits(model)
    with getattr(oracle, name)(wrapped, [wrapped.net]) as cam:
        expected = torch.from_numpy(cam(images, targets))
    found = minmax_normalize(GRAD_CAM[name](model, model(images), CLASSES))
    torch.testing.assert_close(found, minmax_normalize(expected), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", TORCHCAM)
def test_maps_are_those_of_the_package_torchcam(model, images, name):
    methods = pytest.importorskip("torchcam.methods", reason="make setup installs it")
    wrapped = Logits(model)
    with getattr(methods, name)(wrapped, "net", input_shape=(3, 10, 10)) as cam:
        (expected,) = cam(CLASSES.tolist(), wrapped(images), normalized=False)
    found = minmax_normalize(TORCHCAM[name](model, model(images), CLASSES))
    torch.testing.assert_close(found, minmax_normalize(expected), atol=1e-5, rtol=0)


def test_class_maps_are_those_of_the_package_torchcam(pooled, images):
    methods = pytest.importorskip("torchcam.methods", reason="make setup installs it")
    wrapped = Logits(pooled)
    with methods.CAM(wrapped, "net", fc_layer="head.linear", input_shape=(3, 10, 10)) as cam:
        wrapped(images)
        (expected,) = cam(CLASSES.tolist(), normalized=False)
    found = class_map(pooled, pooled(images), CLASSES)
    torch.testing.assert_close(found.relu(), expected.relu())


@pytest.mark.parametrize(
    ("cam_method", "needs"),
    [
        (class_map, "head that is linear"),
        (head_map, "head that makes maps"),
        (ts_cam, "vision transformer"),
        (token_importance, "apvit head"),
    ],
)
def test_a_cam_method_says_what_it_needs(images, cam_method, needs):
    model = Classifier(Flat(), GAPHead(LEVEL))
    peaks = made("prm", LEVEL)
    model.head = peaks if cam_method is class_map else model.head
    forward = Forward(torch.zeros(3, 7), (torch.zeros(3, 8, 2, 2),))
    with pytest.raises(UsageError, match=needs):
        cam_method(model, forward, CLASSES)


@pytest.mark.parametrize("name", ["gradcam", "gradcam_pp", "gradcam_pp_published", "layercam"])
@pytest.mark.parametrize("without", [torch.no_grad, torch.inference_mode])
def test_gradient_methods_need_nobody_to_record_gradients(model, images, name, without):
    expected = CAM_METHODS[name](model, model(images), CLASSES)
    with without():
        found = CAM_METHODS[name](model, model(images), CLASSES)
        assert not torch.is_grad_enabled()
    torch.testing.assert_close(found, expected.detach())
    assert all(weight.grad is None for weight in model.parameters())


@pytest.mark.parametrize("name", ["gradcam", "gradcam_pp", "gradcam_pp_published", "layercam"])
def test_a_gradient_too_small_for_its_cube_still_gives_a_map(pooled, images, name):
    pooled.head.linear.weight.data *= 1e-16
    found = minmax_normalize(CAM_METHODS[name](pooled, pooled(images), CLASSES))
    assert found.flatten(1).amax(dim=1).tolist() == [1, 1, 1]
