import logging
from pathlib import Path

import pytest
import torch

from tests.networks import scratch
from tests.published_checkpoints import (
    apvit,
    counted_with_drop_layers,
    randomised,
    ts_cam,
    two_parts,
)
from train.methods import METHODS
from train.methods.model import build_model
from train.methods.weight_names import name_weights

FILE = Path("file.pt")
SMALL = {
    "wildcat": {
        "head": {"maps": 2, "top": 0.5, "bottom": 0.1, "alpha": 0.6, "arithmetic": "paper"}
    },
    "acol": {"head": {"width": 8, "threshold": 0.1}},
    "prm": {"head": {"window": 3}},
    "ts_cam": {"backbone": "deit_mini"},
    "apvit": {
        "backbone": "ir18",
        "head": {
            **{"width": 24, "depth": 2, "heads": 2, "mlp": 3.0},
            **{"keep": 0.8164, "pool_from": 2, "pool_keep": 0.9},
            **{"weights": "none", "weights_sha256": None},
        },
    },
}


@pytest.fixture(scope="module")
def shipped():
    loaded = scratch().train
    return loaded.model_copy(update={"image_px": 32})


def made(shipped, method):
    params = shipped.model_copy(update=SMALL.get(method, {}))
    return randomised(build_model(METHODS[method], params, 7))


def same(found, model):
    torch.testing.assert_close(
        {name: found.backbone[name] for name in model.backbone.net.state_dict()},
        dict(model.backbone.net.state_dict()),
    )
    torch.testing.assert_close(dict(found.head), dict(model.head.state_dict()))


@pytest.mark.parametrize("method", ["cam", "wildcat", "prm", "acol"])
def test_a_published_checkpoint_of_two_parts_gets_our_names(shipped, method):
    model = made(shipped, method)
    head = METHODS[method].head
    found = name_weights(two_parts(model, head), head, FILE)
    assert found.is_whole
    same(found, model)


def test_a_published_adl_counts_its_drop_layers_and_ours_does_not(shipped):
    model = made(shipped, "cam")
    content = two_parts(model, "gap")
    encoder = counted_with_drop_layers(content["encoder"])
    assert "layer4.2.conv1.weight" in encoder
    same(name_weights({**content, "encoder": encoder}, "gap", FILE), model)


def test_a_published_ts_cam_is_whole(shipped):
    model = made(shipped, "ts_cam")
    found = name_weights(ts_cam(model), "ts_cam", FILE)
    assert found.is_whole
    same(found, model)


def test_a_published_apvit_gets_our_names(shipped):
    model = made(shipped, "apvit")
    same(name_weights(apvit(model, (2, 2, 2)), "apvit", FILE), model)


def test_names_of_face_evolve_stay(shipped):
    model = made(shipped, "apvit")
    found = name_weights(dict(model.backbone.net.state_dict()), "apvit", FILE)
    assert not found.is_whole
    assert set(found.backbone) == set(model.backbone.net.state_dict())


@pytest.mark.parametrize("beginning", ["fc.", "classifier.", "head.fc.", "head.", "last_linear."])
def test_a_linear_classifier_is_recognised_by_its_usual_names(beginning):
    content = {f"{beginning}weight": torch.ones(7, 4), f"{beginning}bias": torch.ones(7)}
    found = name_weights({"conv1.weight": torch.ones(1), **content}, "gap", FILE)
    assert set(found.head) == {"linear.weight", "linear.bias"}
    assert not found.is_whole


def test_what_export_model_wrote_has_our_names(shipped):
    model = made(shipped, "prm")
    found = name_weights(dict(model.state_dict()), "prm", FILE)
    assert found.is_whole
    same(found, model)


def test_a_second_state_dict_is_warned_of(caplog):
    with caplog.at_level(logging.WARNING):
        name_weights({"model": {}, "ema": {}}, "gap", FILE)
    assert "holds model and ema; took model" in caplog.text
