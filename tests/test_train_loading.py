import json
import shutil

import pytest
import torch

from contracts.runs import RunCard
from errors import CorruptError, DataError, NoInputError, UsageError
from tests.basic7 import BASIC7
from tests.networks import scratch
from train.checkpoint import save
from train.loading import build_untrained, load_run

CPU = torch.device("cpu")
ABOUT = {"dataset": "mine", "notice": None, "size_px": 256, "labels": BASIC7.as_json()}
CARD = {
    **{"stage": "train", "version": 5, "method": "cam", "variant": "plain", "repeat": "seed0"},
    **{"faces": "f", "landmarks": "a", "heatmaps": None, "torch": "2.11"},
    **{
        "ranks": 1,
        "device": "cpu",
        "precision": "none",
        "warm_start": None,
        "training_faces": 42,
        "about": ABOUT,
    },
}


@pytest.fixture
def written(tmp_path):
    """A function: changed params -> a folder with their run.json."""
    shipped = scratch().train
    small = shipped.model_copy(update={"image_px": 32, "backbone": "resnet18"})

    def write(**changes):
        params = {**small.model_dump(mode="json"), **changes}
        (tmp_path / "run.json").write_text(json.dumps(CARD | {"params": params}))
        return tmp_path

    return write


@pytest.mark.parametrize("kept", ["model", "average"])
def test_the_ema_is_loaded_where_there_is_one(written, kept):
    run = written()
    weights = build_untrained(RunCard, run / "run.json")[0].state_dict()
    other = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    average = weights if kept == "average" else None
    save(run / "best.ckpt", {"model": other if average else weights, "average": average})
    model, _, card = load_run(run, "best", CPU)
    assert not model.training
    assert card.method == "cam"
    loaded = model.state_dict()
    assert all(torch.equal(loaded[name], weight) for name, weight in weights.items())


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(NoInputError, match=r"has no run\.json"):
        load_run(tmp_path, "best", CPU)


def test_settings_of_another_version_are_named(written):
    with pytest.raises(DataError, match=r"other settings \(sparkle\)"):
        build_untrained(RunCard, written(sparkle=1) / "run.json")


def test_a_run_of_another_version_names_the_keys(written):
    file = written() / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"regime": "plain"}))
    with pytest.raises(DataError, match=r"run\.json: .*\(keys: regime\). Train it again"):
        load_run(file.parent, "best", CPU)


def test_an_unknown_method_prints_the_known_ones(written):
    file = written() / "run.json"
    file.write_text(file.read_text().replace('"cam"', '"came"', 1))
    with pytest.raises(UsageError, match=r"came.*acol"):
        load_run(file.parent, "best", CPU)


def test_weights_of_another_model_are_refused(written):
    run = written()
    save(run / "last.ckpt", {"model": {"w": torch.zeros(1)}, "average": None})
    with pytest.raises(CorruptError, match="holds another model"):
        load_run(run, "last", CPU)


@pytest.mark.slow
def test_a_run_of_other_settings_says_which(tiny_run, tmp_path):
    other = shutil.copytree(tiny_run, tmp_path / "other")
    described = json.loads((tiny_run / "run.json").read_text())
    del described["params"]["protocol"]
    (other / "run.json").unlink()
    (other / "run.json").write_text(json.dumps(described))
    with pytest.raises(DataError, match=r"other settings \(protocol\). Train it again"):
        load_run(other, "best", CPU)


def test_a_folder_that_is_no_run_says_what_to_name(tmp_path):
    with pytest.raises(NoInputError, match="Give the output folder of `train`"):
        load_run(tmp_path, "best", CPU)
