import hashlib
import os

import pytest
import safetensors.torch
import torch
import torchvision

from anatomy.expressions import EXPRESSIONS
from errors import CorruptError, DataError, NoInputError, UsageError
from params import load as load_params
from train.methods import METHODS
from train.methods.backbones import BACKBONES
from train.methods.model import build_model


@pytest.fixture(scope="module")
def shipped(checkout):
    loaded = load_params(checkout / "params.yaml").train
    return loaded.model_copy(update={"image_px": 32})


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def saved(path, state):
    torch.save(state, path)
    return path


def built(shipped, path, method="cam", **changes):
    stated = {"weights": str(path), "weights_sha256": sha256(path) if path.is_file() else None}
    return build_model(METHODS[method], shipped.model_copy(update={**stated, **changes}))


@pytest.fixture(scope="module")
def published(shipped):
    """A state dict as the authors keep theirs: an encoder and a head with names of its own."""
    torch.manual_seed(7)
    model = build_model(METHODS["cam"], shipped)
    return {
        "encoder": model.backbone.net.state_dict(),
        "classification_head": {
            "fc.weight": model.head.linear.weight.detach(),
            "fc.bias": torch.arange(7.0),
        },
    }


def test_a_published_checkpoint_loads_with_its_head(tmp_path, shipped, published):
    model = built(shipped, saved(tmp_path / "model.pt", published))
    found = model.backbone.net.state_dict()
    torch.testing.assert_close(
        found["layer4.1.conv2.weight"], published["encoder"]["layer4.1.conv2.weight"]
    )
    torch.testing.assert_close(
        model.head.linear.weight, published["classification_head"]["fc.weight"]
    )


def test_rows_of_a_published_head_are_our_expressions(tmp_path, shipped, published):
    names = ["Neutral", "Happiness", "Surprise", "Fear", "Anger", "Disgust", "Sadness"]
    model = built(shipped, saved(tmp_path / "model.pt", published))
    assert list(EXPRESSIONS) == names
    assert model.head.linear.bias.tolist() == list(range(7))


def test_a_published_adl_counts_its_drop_layers_and_ours_loads_it(tmp_path, shipped, published):
    shifted = {
        name.replace("layer3.1.", "layer3.2.").replace("layer4.1.", "layer4.2."): value
        for name, value in published["encoder"].items()
    }
    path = saved(tmp_path / "model.pt", {**published, "encoder": shifted})
    model = built(shipped, path, "adl", training_strategy={"drop_p": 0.4, "threshold": 0.1})
    found = model.backbone.net.layer3[1].conv1.weight
    torch.testing.assert_close(found, published["encoder"]["layer3.1.conv1.weight"])


def test_weights_of_torchvision_load_under_their_own_names(tmp_path, shipped):
    torch.manual_seed(3)
    theirs = torchvision.models.resnet18().eval()
    model = built(shipped, saved(tmp_path / "r.pt", theirs.state_dict()), large_maps=False).eval()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        found = model(images).features[-1].mean(dim=(2, 3))
        theirs.fc = torch.nn.Identity()
        torch.testing.assert_close(found, theirs(images), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("wrapping", ["state_dict", "model"])
def test_what_a_training_loop_put_around_weights_is_taken_off(tmp_path, shipped, wrapping):
    net = BACKBONES["mobilenetv3_small"](shipped).net
    state = {f"module.{name}": value for name, value in net.state_dict().items()}
    path = saved(tmp_path / "m.pt", {wrapping: state, "epoch": 3})
    model = built(shipped, path, backbone="mobilenetv3_small")
    torch.testing.assert_close(model.backbone.net.conv_stem.weight, net.conv_stem.weight)


@pytest.mark.parametrize(("expressions", "loads"), [(7, True), (1000, False)])
def test_a_published_ts_cam_brings_its_head_and_a_deit_does_not(
    tmp_path, shipped, expressions, loads
):
    net = BACKBONES["deit_mini"](shipped).net
    shape = (expressions, 192, 3, 3)
    state = {**net.state_dict(), "head.weight": torch.ones(shape), "head.bias": torch.ones(7)}
    path = saved(tmp_path / "ts.pt", state)
    model = built(shipped, path, "ts_cam", backbone="deit_mini")
    torch.testing.assert_close(model.backbone.net.state_dict(), net.state_dict())
    assert bool((model.head.classifier.weight == 1).all()) is loads


def test_face_recognition_weights_load_without_the_stages_that_are_not_used(tmp_path, shipped):
    net = BACKBONES["ir18"](shipped).net
    state = {**net.state_dict(), "output_layer.0.weight": torch.ones(512)}
    model = built(shipped, saved(tmp_path / "ir.pth", state), backbone="ir18")
    torch.testing.assert_close(
        model.backbone.net.body[0].res_layer[1].weight, net.body[0].res_layer[1].weight
    )


@pytest.fixture
def small(tmp_path, shipped):
    state = BACKBONES["mobilenetv3_small"](shipped).net.state_dict()
    path = tmp_path / "small.safetensors"
    safetensors.torch.save_file(state, path)
    return path


def test_safetensors_load(small, shipped):
    model = built(shipped, small, backbone="mobilenetv3_small")
    stored = safetensors.torch.load_file(small)
    torch.testing.assert_close(model.backbone.net.conv_stem.weight.data, stored["conv_stem.weight"])


def test_a_file_whose_hash_is_not_stated_shows_it(small, shipped):
    with pytest.raises(UsageError, match=sha256(small)):
        built(shipped, small, backbone="mobilenetv3_small", weights_sha256=None)


def test_a_file_with_another_hash_is_refused(small, shipped):
    with pytest.raises(CorruptError, match="weights_sha256 is 0000"):
        built(shipped, small, backbone="mobilenetv3_small", weights_sha256="0" * 64)


def test_a_missing_file_is_named(tmp_path, shipped):
    with pytest.raises(NoInputError, match=r"none, face, imagenet or a path"):
        built(shipped, tmp_path / "nowhere.pt")


def test_weights_of_another_network_are_refused_by_name(small, shipped):
    with pytest.raises(DataError, match=r"has no conv1\.weight \("):
        built(shipped, small, backbone="resnet18")


def test_weights_of_another_size_name_both(tmp_path, shipped, published):
    wider = {**published, "classification_head": {"w": torch.zeros(8, 512), "b": torch.zeros(8)}}
    with pytest.raises(DataError, match=r"linear.weight is \(8, 512\) there and \(7, 512\) here"):
        built(shipped, saved(tmp_path / "model.pt", wider))


def test_a_head_of_another_method_is_refused(tmp_path, shipped, published):
    path = saved(tmp_path / "model.pt", published)
    with pytest.raises(DataError, match="its head has 2 tensors, this one has 12"):
        built(shipped, path, "acol", head={"width": 8, "threshold": 0.1})


class Gadget:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_file_that_runs_code_does_not_run(tmp_path, shipped, suffix):
    trace = tmp_path / "trace"
    path = saved(tmp_path / f"evil{suffix}", {"encoder": Gadget(trace)})
    with pytest.raises(DataError, match="no plain state dict"):
        built(shipped, path)
    assert not trace.exists()
