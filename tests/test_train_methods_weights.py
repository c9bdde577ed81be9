import hashlib
import logging

import pytest
import safetensors.torch
import timm
import torch
import torchvision

from errors import DataError, NoInputError, UsageError
from tests.basic7 import EXPRESSIONS
from tests.networks import scratch
from tests.published_checkpoints import counted_with_drop_layers, ts_cam, two_parts
from train.methods import METHODS
from train.methods.backbones import BACKBONES
from train.methods.model import build_model


@pytest.fixture(scope="module")
def shipped():
    loaded = scratch().train
    return loaded.model_copy(update={"image_px": 32})


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def saved(path, state):
    torch.save(state, path)
    return path


def built(shipped, path, method="cam", **changes):
    stated = {"weights": str(path), "weights_sha256": sha256(path) if path.is_file() else None}
    return build_model(METHODS[method], shipped.model_copy(update={**stated, **changes}), 7)


@pytest.fixture(scope="module")
def published(shipped):
    """A checkpoint as the authors keep theirs, whose bias counts expressions."""
    torch.manual_seed(7)
    model = build_model(METHODS["cam"], shipped, 7)
    model.head.linear.bias.data = torch.arange(7.0)
    return two_parts(model, "gap")


def test_a_published_checkpoint_loads_with_its_head(tmp_path, shipped, published):
    model = built(shipped, saved(tmp_path / "model.pt", published))
    found = model.backbone.net.state_dict()
    torch.testing.assert_close(
        found["layer4.1.conv2.weight"], published["encoder"]["layer4.1.conv2.weight"]
    )
    torch.testing.assert_close(
        model.head.linear.weight.data, published["classification_head"]["fc.weight"]
    )


def test_rows_of_a_published_head_are_our_expressions(tmp_path, shipped, published):
    names = ["Neutral", "Happiness", "Surprise", "Fear", "Anger", "Disgust", "Sadness"]
    model = built(shipped, saved(tmp_path / "model.pt", published))
    assert list(EXPRESSIONS) == names
    assert model.head.linear.bias.tolist() == list(range(7))


def test_a_published_adl_counts_its_drop_layers_and_ours_loads_it(tmp_path, shipped, published):
    shifted = {**published, "encoder": counted_with_drop_layers(published["encoder"])}
    path = saved(tmp_path / "model.pt", shifted)
    model = built(shipped, path, "adl", training_strategy={"drop_p": 0.4, "threshold": 0.1})
    found = model.backbone.net.layer3[1].conv1.weight
    torch.testing.assert_close(found.data, published["encoder"]["layer3.1.conv1.weight"])


def test_weights_of_torchvision_load_under_their_own_names(tmp_path, shipped):
    torch.manual_seed(3)
    theirs = torchvision.models.resnet18().eval()
    model = built(shipped, saved(tmp_path / "r.pt", theirs.state_dict()), large_maps=False).eval()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        found = model(images).features[-1].mean(dim=(2, 3))
        theirs.fc = torch.nn.Identity()
        torch.testing.assert_close(found, theirs(images), atol=1e-5, rtol=1e-4)


def test_an_efficientnet_of_torchvision_computes_the_same_here(tmp_path, shipped):
    torch.manual_seed(3)
    theirs = torchvision.models.efficientnet_b0().eval()
    file = saved(tmp_path / "e.pt", theirs.state_dict())
    model = built(shipped, file, backbone="efficientnet_b0", large_maps=False).eval()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        found = model(images).features[-1]
        torch.testing.assert_close(found, theirs.features[:8](images), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("mobilenet_v3_small", "MobileNetV3"),
        ("mobilenet_v2", "MobileNetV2"),
        ("convnext_tiny", "ConvNeXt"),
        ("swin_t", "Swin"),
        ("vit_b_32", "ViT"),
    ],
)
def test_another_network_of_torchvision_is_refused_by_its_name(tmp_path, shipped, name, network):
    with torch.device("meta"):
        names = list(getattr(torchvision.models, name)().state_dict())
    file = saved(tmp_path / "t.pt", {one: torch.zeros(1) for one in names})
    with pytest.raises(DataError, match=rf"is torchvision's {network}, which differs from timm's"):
        built(shipped, file, backbone="mobilenetv3_small")


def test_weights_of_2017_without_counters_load_and_their_classifier_is_named(
    tmp_path, shipped, caplog
):
    state = {
        name: value
        for name, value in torchvision.models.resnet18().state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    with caplog.at_level(logging.WARNING):
        model = built(shipped, saved(tmp_path / "resnet18-5c106cde.pth", state))
    assert model.backbone.net.bn1.num_batches_tracked == 0
    assert "not used: fc.weight (1000, 512), fc.bias (1000,)." in caplog.text


def test_a_classifier_of_unknown_order_is_left_out_even_if_it_fits(tmp_path, shipped, caplog):
    state = torchvision.models.resnet18(num_classes=7).state_dict()
    state["fc.bias"] = torch.full((7,), 5.0)
    with caplog.at_level(logging.WARNING):
        model = built(shipped, saved(tmp_path / "fer.pt", state))
    assert not (model.head.linear.bias == 5).any()
    assert "not used: fc.weight (7, 512)" in caplog.text


def test_weights_of_a_parallel_network_load(tmp_path, shipped):
    net = BACKBONES["mobilenetv3_small"](shipped).net
    state = {f"module.{name}": value for name, value in net.state_dict().items()}
    path = saved(tmp_path / "m.pt", {"state_dict": state, "epoch": 3})
    model = built(shipped, path, backbone="mobilenetv3_small")
    torch.testing.assert_close(model.backbone.net.conv_stem.weight, net.conv_stem.weight)


@pytest.mark.parametrize(("expressions", "loads"), [(7, True), (1000, False)])
def test_a_published_ts_cam_brings_its_head_and_a_deit_does_not(
    tmp_path, shipped, expressions, loads
):
    small = shipped.model_copy(update={"backbone": "deit_mini"})
    state = ts_cam(build_model(METHODS["ts_cam"], small, 7))
    state["head.weight"] = torch.ones(expressions, 192, 3, 3)
    model = built(shipped, saved(tmp_path / "ts.pt", state), "ts_cam", backbone="deit_mini")
    torch.testing.assert_close(model.backbone.net.cls_token.data, state["cls_token"])
    assert bool((model.head.classifier.weight == 1).all()) is loads


def test_face_recognition_weights_load_without_the_stages_that_are_not_used(
    tmp_path, shipped, caplog
):
    net = BACKBONES["ir18"](shipped).net
    state = {**net.state_dict(), "output_layer.0.weight": torch.ones(512)}
    with caplog.at_level(logging.WARNING):
        model = built(shipped, saved(tmp_path / "ir.pth", state), backbone="ir18")
    torch.testing.assert_close(
        model.backbone.net.body[0].res_layer[1].weight, net.body[0].res_layer[1].weight
    )
    assert "not used: output_layer.0.weight (512,)." in caplog.text


def test_safetensors_load(tmp_path, shipped):
    net = BACKBONES["mobilenetv3_small"](shipped).net
    path = tmp_path / "small.safetensors"
    safetensors.torch.save_file(net.state_dict(), path)
    model = built(shipped, path, backbone="mobilenetv3_small")
    torch.testing.assert_close(model.backbone.net.conv_stem.weight, net.conv_stem.weight)


def test_a_missing_file_is_named(tmp_path, shipped):
    with pytest.raises(NoInputError, match=r"none, face, imagenet or a path"):
        built(shipped, tmp_path / "nowhere.pt")


def test_weights_of_another_network_are_refused_by_name(tmp_path, shipped):
    state = BACKBONES["mobilenetv3_small"](shipped).net.state_dict()
    with pytest.raises(DataError, match=r"has no conv1\.weight, .*has instead: conv_stem\.weight"):
        built(shipped, saved(tmp_path / "small.pt", state))


def test_weights_of_another_size_name_both(tmp_path, shipped, published):
    head = {"fc.weight": torch.zeros(8, 512), "fc.bias": torch.zeros(8)}
    wider = {**published, "classification_head": head}
    with pytest.raises(DataError, match=r"linear.weight is \(8, 512\) there and \(7, 512\) here"):
        built(shipped, saved(tmp_path / "model.pt", wider))


def test_a_head_of_another_method_is_refused_by_name(tmp_path, shipped, published):
    path = saved(tmp_path / "model.pt", published)
    with pytest.raises(DataError, match=r"its head has fc\.weight, fc\.bias, which"):
        built(shipped, path, "acol", head={"width": 8, "threshold": 0.1})


APVIT = {
    **{"width": 24, "depth": 2, "heads": 2, "mlp": 3.0},
    **{"keep": 0.8164, "pool_from": 2, "pool_keep": 0.9},
}


def started(shipped, path, digest):
    head = {**APVIT, "weights": str(path), "weights_sha256": digest}
    params = shipped.model_copy(update={"backbone": "ir18", "head": head})
    return build_model(METHODS["apvit"], params, 7)


def vit(tmp_path, width=24):
    """A vision transformer as timm kept its ViT-small of 2020: no bias in qkv."""
    torch.manual_seed(1)
    net = timm.create_model(
        "vit_tiny_patch16_224", embed_dim=width, depth=2, num_heads=2, mlp_ratio=3, qkv_bias=False
    )
    return net, saved(tmp_path / "vit_small.pth", {"model": net.state_dict()})


def test_apvits_blocks_start_from_a_vision_transformer(tmp_path, shipped, caplog):
    net, path = vit(tmp_path)
    with caplog.at_level(logging.WARNING):
        head = started(shipped, path, sha256(path)).head
    torch.testing.assert_close(head.blocks[1].mlp.fc1.weight, net.blocks[1].mlp.fc1.weight)
    torch.testing.assert_close(head.pos_embed, net.pos_embed)
    assert "not used: patch_embed.proj.weight" in caplog.text


def test_a_transformer_of_another_width_is_refused(tmp_path, shipped):
    _, path = vit(tmp_path, width=48)
    with pytest.raises(DataError, match=r"is \(1, 1, 48\) there and \(1, 1, 24\) here"):
        started(shipped, path, sha256(path))


def test_a_start_whose_digest_is_not_stated_is_refused_by_its_key(tmp_path, shipped):
    _, path = vit(tmp_path)
    with pytest.raises(UsageError, match=r"head\.weights_sha256: is not stated"):
        started(shipped, path, None)
