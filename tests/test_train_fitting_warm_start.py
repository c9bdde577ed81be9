"""Runs that begin with an earlier run."""

import json
import logging
import shutil

import pytest
import torch

from contracts.files import RUN
from contracts.repeats import Repeat
from errors import CorruptError, NoInputError, UsageError
from store.building import read_manifest
from tests.basic7 import EXPRESSIONS
from tests.networks import scratch
from tests.resuming import CPU, small_world
from train.checkpoint import load
from train.data.stores import Stores
from train.fitting.stage import train
from train.fitting.warm_start import load_warm_start
from train.methods import METHODS
from train.methods.model import build_model
from train.runs import Run, warm_start_of


@pytest.fixture(scope="module", autouse=True)
def speck():
    with small_world():
        yield


@pytest.fixture(scope="module")
def params():
    shipped = scratch().training("demo", "cam", "plain").params
    small = {"backbone": "speck", "image_px": 32, "epochs": 1, "batch": 8}
    return shipped.model_copy(update=small)


def fit(tiny, out, params, method="cam"):
    stores = Stores.open(tiny.faces, tiny.landmarks, None)
    run = Run(method, "plain", Repeat(0), params, CPU)
    train(stores, out, run, lambda done, total, note: None)
    return out


@pytest.fixture(scope="module")
def earlier(tiny, params, tmp_path_factory):
    """A run to go on from."""
    return fit(tiny, tmp_path_factory.mktemp("earlier") / "run", params)


def begun(earlier, params, method="cam", **changes):
    """A model that began with a run, and the line that it said."""
    params = params.model_copy(update={"weights": str(earlier), **changes})
    torch.manual_seed(5)
    model = build_model(METHODS[method], params, 7)
    return model, load_warm_start(model, METHODS[method], params, EXPRESSIONS)


def best(run):
    return load(run / "best.ckpt")["model"]


def equal(one, other):
    return all(torch.equal(value, other[name]) for name, value in one.items())


def test_a_run_gives_its_backbone_and_its_head(earlier, params):
    model, line = begun(earlier, params)
    assert equal(model.state_dict(), best(earlier))
    assert line.endswith("its backbone and its head")


def test_another_head_begins_anew_and_the_line_says_why(earlier, params):
    model, line = begun(earlier, params, "prm", head={"window": 3})
    found = model.backbone.state_dict()
    assert equal(
        found,
        {
            name[len("backbone.") :]: one
            for name, one in best(earlier).items()
            if name.startswith("backbone.")
        },
    )
    assert "the head is new, since its method cam has the head gap, this one prm" in line


def test_other_expressions_are_a_reason_for_a_new_head(earlier, params, tmp_path):
    run = shutil.copytree(earlier, tmp_path / "run")
    card = json.loads((run / RUN).read_text())
    card["about"]["labels"]["classes"][6]["name"] = "Boredom"
    (run / RUN).chmod(0o644)
    (run / RUN).write_text(json.dumps(card))
    model, line = begun(run, params)
    assert not torch.equal(model.head.linear.weight, best(run)["head.linear.weight"])
    assert "the head is new, since it tells 7 other expressions apart" in line


def test_layers_that_a_training_strategy_puts_between_do_not_matter(tiny, params, tmp_path):
    resnet = params.model_copy(update={"backbone": "resnet18"})
    run = fit(tiny, tmp_path / "plain", resnet)
    model, _ = begun(run, resnet, "adl", training_strategy={"drop_p": 0.4, "threshold": 0.8})
    torch.testing.assert_close(
        model.backbone.net.layer3[0][0].conv1.weight,
        best(run)["backbone.net.layer3.0.conv1.weight"],
    )


def test_another_backbone_is_refused_by_name(earlier, params):
    with pytest.raises(UsageError, match=r"train\.backbone: is wide, and .* has speck"):
        begun(earlier, params, backbone="wide")


def test_a_folder_without_a_run_is_refused(tmp_path, params):
    named = params.model_copy(update={"weights": str(tmp_path)})
    with pytest.raises(NoInputError, match=r"not finished \(it has no MANIFEST"):
        warm_start_of(named)


def test_a_digest_that_is_stated_has_to_be_the_runs(earlier, params):
    digest = read_manifest(earlier)["sha256"]
    named = params.model_copy(update={"weights": str(earlier), "weights_sha256": digest})
    found = warm_start_of(named)
    assert found is not None
    assert (found.digest, found.dataset) == (digest, "tiny")
    with pytest.raises(CorruptError, match="weights_sha256 is 00"):
        warm_start_of(named.model_copy(update={"weights_sha256": "00"}))


def test_the_new_run_records_what_it_began_with_and_says_so(
    tiny, earlier, params, tmp_path, caplog
):
    named = params.model_copy(update={"weights": str(earlier)})
    with caplog.at_level(logging.WARNING):
        run = fit(tiny, tmp_path / "run", named)
    card = json.loads((run / RUN).read_text())
    assert card["warm_start"]["digest"] == read_manifest(earlier)["sha256"]
    assert card["training_faces"] > 0
    assert json.loads((earlier / RUN).read_text())["warm_start"] is None
    assert f"training starts from {earlier}: its backbone and its head" in caplog.text


def test_named_weights_are_no_run(params):
    assert warm_start_of(params) is None
    assert (
        load_warm_start(build_model(METHODS["cam"], params, 7), METHODS["cam"], params, EXPRESSIONS)
        == ""
    )
