"""What is exported says what the run says: every method, checked by onnxruntime."""

import hashlib
import json
import shutil
import sys
from contextlib import suppress
from itertools import product

import numpy as np
import pytest
import safetensors.torch
import torch

import train.export
from errors import CorruptError, NoInputError, OutputExistsError, UsageError
from params import load
from store.building import read_manifest
from store.reading import Store
from tests import resuming
from tests.flat_model import OPTIONS, Flat, made
from train.export import CARD, ONNX, WEIGHTS, Graph, differences, export, onnx_bytes
from train.methods import METHODS
from train.methods.base import Classifier, LevelShape
from train.methods.cam_methods import CAM_METHODS, GRADIENT_CAM_METHODS
from train.methods.model import build_model
from train.runs import build_untrained, load_run

onnxruntime = pytest.importorskip("onnxruntime", reason="make setup installs it")

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
ABOUT = {"expressions": ["a", "b"], "notice": "made up"}
FACE_PX = 40


def faces(count, size_px=FACE_PX):
    return np.random.default_rng(count).integers(0, 256, (count, size_px, size_px, 3), np.uint8)


def session(payload):
    return onnxruntime.InferenceSession(payload, providers=["CPUExecutionProvider"])


def told(payload, images):
    opened = session(payload)
    names = [one.name for one in opened.get_outputs()]
    return dict(zip(names, opened.run(names, {"image": images}), strict=True))


def agree(found, expected):
    assert list(found) == list(expected)
    for name, one in expected.items():
        np.testing.assert_allclose(found[name], one, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.fixture(scope="module")
def shipped(checkout):
    return load(checkout / "params.yaml").export


@pytest.fixture(scope="module")
def run(tiny, checkout, tmp_path_factory):
    numbers = load(checkout / "params.yaml").train
    small = {"backbone": "speck", "image_px": 32, "epochs": 2, "batch": 8, "ema": 0.5}
    out = tmp_path_factory.mktemp("runs") / "plain"
    resuming.fit(tiny, out, numbers.model_copy(update=small), "plain")
    with resuming.small_world():
        yield out


@pytest.fixture(scope="module")
def exported(run, shipped, tmp_path_factory):
    out = tmp_path_factory.mktemp("exported") / "cam"
    export(run, out, shipped)
    return out


@pytest.fixture(scope="module")
def card(exported):
    return json.loads((exported / CARD).read_text())


@pytest.mark.parametrize("name", METHODS)
def test_a_graph_says_of_any_number_of_faces_what_the_method_says(name, checkout, shipped):
    numbers = load(checkout / "params.yaml").method(name)
    torch.manual_seed(0)
    model = build_model(METHODS[name], numbers.model_copy(update={"image_px": 32})).eval()
    graph = Graph(model, METHODS[name].cam_method, 32)
    payload = onnx_bytes(graph, FACE_PX, shipped.opset, ABOUT)
    for count in (1, 5):
        agree(told(payload, faces(count)), graph.say(faces(count)))


def test_maps_are_those_of_the_readout_class_by_class():
    torch.manual_seed(0)
    model = Classifier(Flat(), made("wildcat", LevelShape(8, 4, 4))).eval()
    said = Graph(model, "head_map", FACE_PX).say(faces(2))
    forward = model(train.export.eval_images(torch.from_numpy(faces(2)), FACE_PX))
    for number in range(7):
        expected = CAM_METHODS["head_map"](model, forward, torch.tensor([number, number]))
        np.testing.assert_allclose(said["cam"][:, number], expected.detach(), rtol=1e-5, atol=1e-6)
    attention = forward.features[-1].mean(dim=1).detach()
    np.testing.assert_allclose(said["attention"], attention, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("opset", [18, 23])
def test_the_first_and_the_last_opset_are_read_back(opset):
    torch.manual_seed(0)
    graph = Graph(
        Classifier(Flat(), made("gap", LevelShape(8, 4, 4))).eval(), "gradcam_pp", FACE_PX
    )
    payload = onnx_bytes(graph, FACE_PX, opset, ABOUT)
    agree(told(payload, faces(2)), graph.say(faces(2)))


def test_a_map_that_only_autograd_can_compute_is_left_out(shipped):
    torch.manual_seed(0)
    graph = Graph(
        Classifier(Flat(), made("wildcat", LevelShape(8, 4, 4))).eval(),
        "gradcam",
        40,
    )
    found = told(onnx_bytes(graph, FACE_PX, shipped.opset, ABOUT), faces(2))
    assert list(found) == ["logits", "attention"]
    agree(found, graph.say(faces(2)))


def test_the_readouts_that_ask_for_a_gradient_are_known():
    asking = set()
    for head, cam_method in product(OPTIONS, CAM_METHODS):
        model = Classifier(Flat(), made(head, LevelShape(8, 9, 9))).eval()
        model.head.gradient = lambda *given, name=cam_method: (
            asking.add(name) or torch.ones(1, 8, 9, 9)
        )
        with suppress(UsageError):  # not every head has every CAM method
            CAM_METHODS[cam_method](model, model(torch.rand(1, 3, 9, 9)), torch.tensor([0]))
    assert asking == GRADIENT_CAM_METHODS


def test_an_exported_run_predicts_what_the_run_predicts(run, exported, tiny):
    images = Store(tiny.faces).array("image").load()
    model, method, described = load_run(run, "best", CPU)
    graph = Graph(model, method.cam_method, described["params"]["image_px"])
    agree(told((exported / ONNX).read_bytes(), images), graph.say(images))


def test_weights_come_back_into_a_network_made_from_the_card(run, exported):
    model, _, _ = build_untrained(exported / CARD)
    safetensors.torch.load_model(model, exported / WEIGHTS)
    expected = load_run(run, "best", CPU)[0].state_dict()
    assert list(model.state_dict()) == list(expected)
    for name, one in model.state_dict().items():
        torch.testing.assert_close(one, expected[name], rtol=0, atol=0)


def test_the_card_says_what_the_graph_takes_and_gives(exported, card):
    opened = session((exported / ONNX).read_bytes())
    (given,) = opened.get_inputs()
    assert (given.name, given.shape) == (card["input"]["name"], card["input"]["shape"])
    assert given.type == f"tensor({card['input']['type']})"
    found = {one.name: one.shape for one in opened.get_outputs()}
    assert found == {name: one["shape"] for name, one in card["outputs"].items()}
    assert card["onnx"]["differences"]["logits"] < 1e-4


def test_the_card_says_what_the_run_is(run, card):
    described = json.loads((run / "run.json").read_text())
    for key in ("method", "supervision", "expressions", "params", "torch"):
        assert card[key] == described[key]
    assert card["digests"] == {key: described[key] for key in ("faces", "landmarks", "heatmaps")}
    assert (card["trained_on"], card["notice"]) == ("tiny", "made up")
    assert 1 <= card["epoch"] <= 2
    assert set(card["accuracy"]) == {"val"}


def test_the_card_names_its_files_by_their_digests(exported, card):
    for name in (ONNX, WEIGHTS):
        found = hashlib.sha256((exported / name).read_bytes()).hexdigest()
        assert card["files"][name] == found
    assert {*card["files"], CARD} <= set(read_manifest(exported)["files"])


def test_a_graph_alone_knows_its_expressions(exported, card):
    known = session((exported / ONNX).read_bytes()).get_modelmeta().custom_metadata_map
    assert json.loads(known["expressions"]) == card["expressions"]
    assert known["notice"] == "made up"


def test_nothing_names_a_folder_of_this_machine(run, tmp_path, checkout, shipped, monkeypatch):
    described = json.loads((run / "run.json").read_text())
    described["params"]["weights"] = "/home/somebody/ir50.pth"
    described["about"]["root"] = "/home/somebody/faces"
    monkeypatch.setattr(train.export, "load_run", lambda *given: (*load_run(*given)[:2], described))
    export(run, tmp_path / "out", shipped)
    for file in (tmp_path / "out").iterdir():
        payload = file.read_bytes()
        assert str(checkout).encode() not in payload
        assert b"torch/" not in payload
        assert b"somebody" not in payload
    assert "from weights: ir50.pth" in (tmp_path / "out" / CARD).read_text()


def test_equal_runs_give_equal_bytes(run, exported, tmp_path, shipped):
    export(run, tmp_path / "again", shipped)
    for name in (ONNX, WEIGHTS, CARD):
        assert (tmp_path / "again" / name).read_bytes() == (exported / name).read_bytes()


def test_a_second_time_nothing_is_written(run, exported, shipped, monkeypatch):
    monkeypatch.setattr(train.export, "onnx_bytes", None)
    assert "model.onnx" in export(run, exported, shipped)


def test_another_output_is_not_touched_unless_asked_for(run, exported, tmp_path, shipped):
    out = shutil.copytree(exported, tmp_path / "out")
    other = shipped.model_copy(update={"opset": 18})
    with pytest.raises(OutputExistsError, match="opset: 20 -> 18"):
        export(run, out, other)
    assert (out / ONNX).read_bytes() == (exported / ONNX).read_bytes()
    export(run, out, other, rebuild=True)
    assert json.loads((out / CARD).read_text())["onnx"]["opset"] == 18


@pytest.mark.parametrize("by", [0.5, np.nan])
def test_a_graph_that_says_something_else_is_not_written(run, tmp_path, shipped, monkeypatch, by):
    monkeypatch.setattr(train.export, "differences", lambda *given: {"logits": by})
    with pytest.raises(CorruptError, match=rf"differ by {by}, export\.tolerance is 0\.001"):
        export(run, tmp_path / "out", shipped)
    assert list(tmp_path.iterdir()) == []


def test_a_graph_of_other_weights_is_found_out():
    torch.manual_seed(0)
    graph = Graph(Classifier(Flat(), made("gap", LevelShape(8, 4, 4))).eval(), "class_map", FACE_PX)
    payload = onnx_bytes(graph, FACE_PX, 20, ABOUT)
    assert differences(graph, payload, FACE_PX)["logits"] < 1e-5
    graph.model.head.linear.bias.data += 1
    assert differences(graph, payload, FACE_PX)["logits"] == pytest.approx(1, abs=1e-4)


def test_without_onnxruntime_it_is_written_and_says_that_nobody_checked(
    run, tmp_path, shipped, monkeypatch
):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    said = export(run, tmp_path / "out", shipped)
    assert "not checked: no onnxruntime" in said
    assert json.loads((tmp_path / "out" / CARD).read_text())["onnx"]["differences"] is None


def test_a_folder_that_is_no_run_is_an_input_that_is_missing(tiny, tmp_path, shipped):
    for path in (tmp_path / "nowhere", tiny.faces):
        with pytest.raises(NoInputError, match=r"has no run\.json"):
            export(path, tmp_path / "out", shipped)


def test_a_damaged_checkpoint_is_refused(run, tmp_path, shipped):
    bad = shutil.copytree(run, tmp_path / "bad")
    file = bad / "best.ckpt"
    file.chmod(0o644)
    payload = bytearray(file.read_bytes())
    payload[5000] ^= 4
    file.write_bytes(payload)
    with pytest.raises(CorruptError, match="the checkpoint is damaged"):
        export(bad, tmp_path / "out", shipped)
    assert not (tmp_path / "out").exists()
