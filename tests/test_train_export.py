"""What is exported says what the run says: every method, checked by onnxruntime."""

import hashlib
import json
import shutil
import sys

import numpy as np
import pytest
import safetensors.torch
import torch

import train.export
from contracts.files import EXPORT_CARD
from contracts.runs import ExportCard, RunCard
from errors import CorruptError, NoInputError, OutputExistsError
from params import load
from store.building import read_manifest
from store.reading import Store
from tests import resuming
from tests.networks import scratch
from tests.onnx_graphs import agree, answers, session
from train.export import ONNX, WEIGHTS, export
from train.export_graph import ExportGraph
from train.loading import build_untrained, load_run

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def shipped(checkout):
    return load(checkout / "params.yaml").export


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory):
    numbers = scratch().train
    small = {"backbone": "speck", "image_px": 32, "epochs": 2, "batch": 8, "ema": 0.5}
    out = tmp_path_factory.mktemp("runs") / "plain"
    resuming.fit(tiny, out, numbers.model_copy(update=small))
    with resuming.small_world():
        yield out


@pytest.fixture(scope="module")
def exported(run, shipped, tmp_path_factory):
    out = tmp_path_factory.mktemp("exported") / "cam"
    export(run, out, shipped)
    return out


@pytest.fixture(scope="module")
def card(exported):
    return json.loads((exported / EXPORT_CARD).read_text())


def test_an_exported_run_predicts_what_the_run_predicts(run, exported, tiny):
    images = Store(tiny.faces).array("image").load()
    model, method, described = load_run(run, "best", CPU)
    graph = ExportGraph(model, method.cam_method, described.params["image_px"])
    agree(answers((exported / ONNX).read_bytes(), images), graph.run(images))


def test_weights_come_back_into_a_network_made_from_the_card(run, exported):
    model, _, _ = build_untrained(ExportCard, exported / EXPORT_CARD)
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
    for key in ("method", "variant", "repeat", "params", "torch"):
        assert card[key] == described[key]
    assert card["labels"] == described["about"]["labels"]
    assert card["expressions"] == [one["name"] for one in card["labels"]["classes"]]
    stores = {key: described[key] for key in ("faces", "landmarks")}
    assert card["digests"] == {**stores, "heatmaps": described["heatmaps"]["digest"]}
    assert (card["trained_on"], card["notice"]) == ("tiny", "made up")
    assert 1 <= card["epoch"] <= 2
    assert set(card["accuracy"]) == {"val"}


def test_the_card_names_its_files_by_their_digests(exported, card):
    for name in (ONNX, WEIGHTS):
        found = hashlib.sha256((exported / name).read_bytes()).hexdigest()
        assert card["files"][name] == found
    assert {*card["files"], EXPORT_CARD} <= set(read_manifest(exported)["files"])


def test_a_graph_alone_knows_its_expressions(exported, card):
    known = session((exported / ONNX).read_bytes()).get_modelmeta().custom_metadata_map
    assert json.loads(known["expressions"]) == card["expressions"]
    assert known["notice"] == "made up"


def test_nothing_names_a_folder_of_this_machine(run, tmp_path, checkout, shipped, monkeypatch):
    described = json.loads((run / "run.json").read_text())
    described["params"]["weights"] = "/home/somebody/ir50.pth"
    described["about"]["root"] = "/home/somebody/faces"
    card = RunCard(**described)
    monkeypatch.setattr(train.export, "load_run", lambda *given: (*load_run(*given)[:2], card))
    export(run, tmp_path / "out", shipped)
    for file in (tmp_path / "out").iterdir():
        payload = file.read_bytes()
        assert str(checkout).encode() not in payload
        assert b"torch/" not in payload
        assert b"somebody" not in payload
    assert "from weights: ir50.pth" in (tmp_path / "out" / EXPORT_CARD).read_text()


def test_a_run_without_a_notice_is_exported(run, tmp_path, shipped):
    silent = shutil.copytree(run, tmp_path / "silent")
    described = json.loads((silent / "run.json").read_text())
    described["about"]["notice"] = None
    (silent / "run.json").chmod(0o644)
    (silent / "run.json").write_text(json.dumps(described))
    export(silent, tmp_path / "out", shipped)
    assert json.loads((tmp_path / "out" / EXPORT_CARD).read_text())["notice"] is None


def test_equal_runs_give_equal_bytes(run, exported, tmp_path, shipped):
    export(run, tmp_path / "again", shipped)
    for name in (ONNX, WEIGHTS, EXPORT_CARD):
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
    assert json.loads((out / EXPORT_CARD).read_text())["onnx"]["opset"] == 18


@pytest.mark.parametrize("by", [0.5, np.nan])
def test_a_graph_that_says_something_else_is_not_written(run, tmp_path, shipped, monkeypatch, by):
    monkeypatch.setattr(train.export, "max_differences", lambda *given: {"logits": by})
    with pytest.raises(CorruptError, match=rf"differ by {by}, export\.tolerance is 0\.001"):
        export(run, tmp_path / "out", shipped)
    assert list(tmp_path.iterdir()) == []


def test_without_onnxruntime_it_is_written_and_says_that_nobody_checked(
    run, tmp_path, shipped, monkeypatch
):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    said = export(run, tmp_path / "out", shipped)
    assert "not checked: no onnxruntime" in said
    assert json.loads((tmp_path / "out" / EXPORT_CARD).read_text())["onnx"]["differences"] is None


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
