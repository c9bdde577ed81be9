"""A finished run is recognised without torch, and nothing else is taken for it."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from contracts.repeats import Repeat
from errors import CorruptError
from params import load as load_params
from tests.planned import planned
from train.data.stores import Stores
from train.fitting.finished import is_trained
from train.fitting.stage import train
from train.params import TrainParams
from train.runs import RunSettings


@pytest.fixture
def stores(tiny):
    return Stores.open(tiny.faces, tiny.landmarks, None)


@pytest.fixture
def settings(tiny_run):
    card = json.loads((tiny_run / "run.json").read_bytes())
    return RunSettings("cam", "plain", Repeat(0), TrainParams.model_validate(card["params"]))


def with_amp(settings, amp):
    return replace(settings, params=settings.params.model_copy(update={"amp": amp}))


@pytest.mark.slow
@pytest.mark.parametrize(("device", "same"), [("auto", True), ("cpu", True), ("cuda:0", False)])
def test_a_finished_run_is_there_on_its_device(device, same, tiny_run, stores, settings):
    assert is_trained(tiny_run, stores, settings, device) == same


@pytest.mark.slow
def test_what_auto_meant_is_read_from_the_run(stores, settings, tmp_path):
    auto = with_amp(settings, "auto")
    train(stores, tmp_path / "run", auto.on(torch.device("cpu")), lambda *_: None)
    used = json.loads((tmp_path / "run" / "run.json").read_bytes())["precision"]
    assert used in ("none", "bf16")
    assert is_trained(tmp_path / "run", stores, auto, "cpu")
    assert not is_trained(tmp_path / "run", stores, with_amp(settings, used), "cpu")


@pytest.mark.slow
@pytest.mark.parametrize(
    "change", [{"repeat": Repeat(1)}, {"method": "wildcat"}, {"variant": "aligned"}]
)
def test_another_run_is_not_taken_for_it(change, tiny_run, stores, settings):
    assert not is_trained(tiny_run, stores, replace(settings, **change), "cpu")


@pytest.mark.slow
def test_another_number_of_ranks_is_another_run(tiny_run, stores, settings, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert not is_trained(tiny_run, stores, settings, "cpu")


def test_what_is_not_finished_is_not_there(tmp_path, stores, settings):
    (tmp_path / "fingerprint.json").write_text("{}")
    assert not is_trained(tmp_path, stores, settings, "cpu")


def test_a_fingerprint_that_is_no_json_is_told(tmp_path, stores, settings):
    for name in ("fingerprint.json", "MANIFEST.json"):
        (tmp_path / name).write_text("{")
    with pytest.raises(CorruptError, match="cannot be read"):
        is_trained(tmp_path, stores, settings, "cpu")


DONE = """
import sys, cli
cli.main(standalone_mode=False)
print({"torch", "timm", "polars", "matplotlib", "zarr"} & set(sys.modules))
"""


@pytest.mark.slow
def test_nothing_heavy_is_imported_to_see_it(tiny, tiny_run, settings, tmp_path, checkout):
    plan = planned(tmp_path / "plan.yaml", settings.params, variant="plain")
    given = [tiny.faces, tiny.landmarks, tiny.heatmaps.parent, plan, tiny_run]
    command = [sys.executable, "-c", DONE, "train", *map(str, given), "--repeat", "seed0"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    assert done.stdout == f"train {tiny_run}: there already\nset()\n"


def test_the_shipped_precision_is_the_machines(checkout):
    assert load_params(checkout / "params.yaml").train.amp == "auto"
