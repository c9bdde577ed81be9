import pytest
import timm
import torch

from tests.networks import made_backbone, sides
from train.methods.backbones import BACKBONES
from train.methods.base import Classifier, LevelShape
from train.methods.cam_methods import class_map, gradcam
from train.methods.gap import GAPHead
from train.pretrained import BACKBONE_WEIGHTS


@pytest.mark.parametrize("name", BACKBONES)
def test_five_levels_have_the_channels_that_they_say_and_no_weight_is_idle(name):
    backbone = made_backbone(name, image_px=64)
    levels, extra = backbone(torch.rand(2, 3, 64, 64))
    assert tuple(level.shape[1] for level in levels) == backbone.channels
    assert sides(levels) == sorted(sides(levels), reverse=True)
    gradients = torch.autograd.grad(
        levels[-1].sum(), list(backbone.parameters()), allow_unused=True
    )
    assert all(gradient is not None for gradient in gradients)
    assert extra == {}


@pytest.mark.parametrize("name", BACKBONES)
def test_the_deepest_level_has_a_gradient_by_every_other(name):
    levels, _ = made_backbone(name, image_px=64)(torch.rand(2, 3, 64, 64))
    gradients = torch.autograd.grad(levels[-1].sum(), levels[:-1])
    assert all(gradient.any() for gradient in gradients)


@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_can_be_explained(name):
    backbone = made_backbone(name, image_px=64)
    model = Classifier(backbone, GAPHead(LevelShape(backbone.channels[-1], 1, 1, 7))).eval()
    with torch.no_grad():
        forward = model(torch.rand(2, 3, 64, 64))
        maps = class_map(model, forward, torch.tensor([1, 4]))
        positive = gradcam(model, forward, torch.tensor([1, 4]))
    pixels = maps[0].numel()
    torch.testing.assert_close(positive, maps.relu() / pixels, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "image_px", "expected"),
    [
        ("resnet18", 224, [112, 56, 28, 28, 28]),
        ("vgg16", 224, [224, 112, 56, 28, 14]),
        ("deit_mini", 224, [14] * 5),
        ("ir18", 112, [112, 56, 28, 14, 14]),
        ("convnext_atto", 224, [56, 56, 28, 28, 28]),
        ("efficientnet_b0", 224, [112, 56, 28, 28, 28]),
        ("swin_tiny", 224, [56, 56, 28, 14, 7]),
    ],
)
def test_levels_have_the_published_sizes(name, image_px, expected):
    backbone = made_backbone(name, image_px=image_px, token_px=16).eval()
    with torch.no_grad():
        levels, _ = backbone(torch.zeros(1, 3, image_px, image_px))
    assert sides(levels) == expected


@pytest.mark.parametrize(
    "name", [name for name, named in BACKBONE_WEIGHTS.items() if "imagenet" in named]
)
def test_imagenet_weights_are_those_of_the_very_tag(name, monkeypatch):
    asked, folded = [], []
    create = timm.create_model

    def remember(tag, pretrained=False, **how):
        asked.append((tag, pretrained))
        return create(tag, **how)

    monkeypatch.setattr(timm, "create_model", remember)
    monkeypatch.setattr(
        "train.methods.backbones.base.fold_normalisation",
        lambda conv, mean, std: folded.append((mean, std)),
    )
    made_backbone(name, weights="imagenet")
    ((tag, pretrained),) = asked
    assert pretrained
    assert tag in timm.list_pretrained()
    stated = BACKBONE_WEIGHTS[name]["imagenet"]
    assert bool(folded) == ("0.5" in stated.trained_with)
    assert timm.get_pretrained_cfg(tag).license.casefold() in stated.licence.casefold()
