import pytest
import timm
import torch

from errors import NoInputError, UsageError
from params import load as load_params
from train.methods.backbones import BACKBONES
from train.methods.base import Classifier, LevelShape
from train.methods.cam_methods import class_map, gradcam
from train.methods.gap import GAPHead
from train.pretrained import BACKBONE_WEIGHTS


@pytest.fixture(scope="module")
def shipped(checkout):
    return load_params(checkout / "params.yaml").train


def made(name, shipped, **changes):
    torch.manual_seed(0)
    return BACKBONES[name](shipped.model_copy(update={"backbone": name, **changes}))


def sides(levels):
    return [level.shape[-1] for level in levels]


@pytest.mark.parametrize("name", BACKBONES)
def test_five_levels_have_the_channels_that_they_say_and_no_weight_is_idle(name, shipped):
    backbone = made(name, shipped, image_px=64)
    levels, extra = backbone(torch.rand(2, 3, 64, 64))
    assert tuple(level.shape[1] for level in levels) == backbone.channels
    assert sides(levels) == sorted(sides(levels), reverse=True)
    gradients = torch.autograd.grad(
        levels[-1].sum(), list(backbone.parameters()), allow_unused=True
    )
    assert all(gradient is not None for gradient in gradients)
    assert extra == {}


@pytest.mark.parametrize("name", BACKBONES)
def test_the_deepest_level_has_a_gradient_by_every_other(name, shipped):
    levels, _ = made(name, shipped, image_px=64)(torch.rand(2, 3, 64, 64))
    gradients = torch.autograd.grad(levels[-1].sum(), levels[:-1])
    assert all(gradient.any() for gradient in gradients)


@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_can_be_explained(name, shipped):
    backbone = made(name, shipped, image_px=64)
    model = Classifier(backbone, GAPHead(LevelShape(backbone.channels[-1], 1, 1))).eval()
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
        ("convnext_atto", 224, [56, 56, 28, 14, 7]),
    ],
)
def test_levels_have_the_published_sizes(shipped, name, image_px, expected):
    backbone = made(name, shipped, image_px=image_px, token_px=16).eval()
    with torch.no_grad():
        levels, _ = backbone(torch.zeros(1, 3, image_px, image_px))
    assert sides(levels) == expected


def test_small_maps_are_those_of_an_ordinary_resnet(shipped):
    with torch.no_grad():
        levels, _ = made("resnet18", shipped, large_maps=False)(torch.zeros(2, 3, 224, 224))
    assert sides(levels) == [112, 56, 28, 14, 7]


def test_the_last_level_of_a_transformer_is_what_timm_gives(shipped):
    backbone = made("deit_mini", shipped, image_px=32).eval()
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        levels, _ = backbone(images)
        expected = backbone.net.forward_features(images)[:, 1:]
    torch.testing.assert_close(levels[-1].flatten(2).transpose(1, 2), expected)


def test_class_attention_is_the_sum_over_blocks_of_what_the_blocks_attend_to(shipped):
    backbone = made("deit_mini", shipped, image_px=32).eval()
    seen = []
    for block in backbone.net.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda _, __, found: seen.append(found))
    with torch.no_grad():
        _, extra = backbone(torch.rand(2, 3, 32, 32))
    assert len(seen) == 4
    expected = sum(rows[:, :, 0, 1:].mean(dim=1) for rows in seen)
    torch.testing.assert_close(extra["class_attention_BHW"].flatten(1), expected)


def test_a_transformer_without_queries_attends_everywhere_alike(shipped):
    backbone = made("deit_mini", shipped, image_px=32).eval()
    for block in backbone.net.blocks:
        torch.nn.init.zeros_(block.attn.qkv.weight)
    with torch.no_grad():
        _, extra = backbone(torch.rand(1, 3, 32, 32))
    # Four blocks; 16 patches and the class token share the attention.
    torch.testing.assert_close(extra["class_attention_BHW"], torch.full((1, 4, 4), 4 / 17))


def test_a_picture_that_patches_do_not_fill_is_refused(shipped):
    with pytest.raises(UsageError, match=r"token_px.*60 px cannot be cut into patches of 8"):
        made("deit_mini", shipped, image_px=60)


@pytest.mark.parametrize("name", ["resnet50", "swin_tiny", "deit_small", "vgg16"])
def test_weights_without_a_network_say_what_to_do(shipped, name, monkeypatch):
    def offline(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(NoInputError, match="Connect to a network once"):
        made(name, shipped, weights="imagenet")


@pytest.mark.parametrize(
    "name", [name for name, named in BACKBONE_WEIGHTS.items() if "imagenet" in named]
)
def test_imagenet_weights_are_those_of_the_very_tag(shipped, name, monkeypatch):
    asked = []
    create = timm.create_model

    def remember(tag, pretrained=False, **how):
        asked.append((tag, pretrained))
        return create(tag, **how)

    monkeypatch.setattr(timm, "create_model", remember)
    made(name, shipped, weights="imagenet")
    ((tag, pretrained),) = asked
    assert pretrained
    assert tag in timm.list_pretrained()
