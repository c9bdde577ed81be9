import pytest
import torch

from errors import UsageError
from tests.flat_model import Flat, made
from tests.networks import scratch
from train.methods import METHODS
from train.methods.base import Classifier, LevelShape, head_map
from train.methods.cam_methods import CAM_METHODS, class_map
from train.methods.model import build_model
from train.methods.published_cams import PUBLISHED_CAMS, acol_published, adl_published

LEVEL = LevelShape(8, 10, 10, 7)
CLASSES = torch.tensor([0, 3])


@pytest.fixture
def adl():
    params = scratch().train_of("demo", "adl")
    torch.manual_seed(0)
    return build_model(METHODS["adl"], params.model_copy(update={"image_px": 32}), 7).eval()


def test_every_published_cam_is_of_a_method_and_is_not_its_own():
    for method, cam in PUBLISHED_CAMS.items():
        assert cam in CAM_METHODS
        assert METHODS[method].cam_method != cam


def test_the_published_acol_erases_by_the_class_that_is_explained():
    torch.manual_seed(0)
    model = Classifier(Flat(), made("acol", LEVEL)).eval()
    images = torch.rand(2, 3, 10, 10)
    with torch.no_grad():
        forward = model(images)
        labelled = model(images, CLASSES)
        found = acol_published(model, forward, CLASSES)
        torch.testing.assert_close(found, head_map(model, labelled, CLASSES))
        predicted = forward.logits_BK.argmax(dim=1)
        torch.testing.assert_close(
            acol_published(model, forward, predicted), head_map(model, forward, predicted)
        )


def test_the_published_adl_reads_the_second_block(adl):
    images = torch.rand(2, 3, 32, 32)
    seen = []
    adl.backbone.net.layer4[1].register_forward_hook(lambda block, _, out: seen.append(out))
    with torch.no_grad():
        forward = adl(images)
        found = adl_published(adl, forward, CLASSES)
    weights = adl.head.linear.weight[CLASSES]
    torch.testing.assert_close(found, torch.einsum("bc,bchw->bhw", weights, seen[0]))


def test_the_second_block_of_a_resnet50_is_not_its_last():
    params = scratch().train_of("demo", "adl")
    small = {"image_px": 32, "backbone": "resnet50"}
    model = build_model(METHODS["adl"], params.model_copy(update=small), 7).eval()
    model.backbone.net.layer4[2][0].bn3.weight.data.fill_(1)  # at first its branch is zero
    with torch.no_grad():
        forward = model(torch.rand(2, 3, 32, 32))
        maps = [cam(model, forward, CLASSES) for cam in (adl_published, class_map)]
    assert not torch.allclose(*maps)


@pytest.mark.parametrize("cam", [acol_published, adl_published])
def test_they_say_what_they_need(cam):
    model = Classifier(Flat(), made("gap", LEVEL))
    with pytest.raises(UsageError, match="needs"):
        cam(model, model(torch.rand(2, 3, 10, 10)), CLASSES)
