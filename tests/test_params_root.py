"""The whole of params.yaml is validated by every command, and what is wrong is named by its key."""

import copy
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from errors import UsageError
from params import load
from params.root import Params, validate
from pipeline.datasets import DATASETS
from train.methods import METHODS
from yaml_files import read_yaml

FILE = Path("mine.yaml")


@pytest.fixture(scope="module")
def shipped(checkout):
    return read_yaml(checkout / "params.yaml")


def changed(whole, key, value):
    """Return a copy with another value at a dotted key."""
    whole = copy.deepcopy(whole)
    *sections, last = key.split(".")
    section = whole
    for name in sections:
        section = section[name]
    section[last] = value
    return whole


def pair(**changes):
    return {"train": "demo", "test": "demo", "split": "test", **changes}


def refusal(whole):
    with pytest.raises(UsageError) as caught:
        validate(whole, FILE)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_the_shipped_file_is_legal_and_has_every_section(shipped):
    validate(shipped, FILE)
    assert list(shipped) == list(Params.model_fields)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("trian", {}, r"trian: no such section; known: matrix, .*Did you mean 'train'"),
        ("evaluate.bootstap", 10, r"evaluate\.bootstap: no such key; known: .*mean 'bootstrap'"),
        ("train.augment.flip", 1, r"train\.augment\.flip: no such key; known: .*mean 'flip_p'"),
        ("train.lr", "fast", r"train\.lr: input should be a valid number.*got 'fast'"),
        ("train.optimiser", "sdg", r"train\.optimiser: input should be 'sgd', 'adamw' or 'adam'"),
        ("train.backbone", "resnet19", r"methods\.cam\.backbone: no backbone .*mean 'resnet18'"),
        ("evaluate.cam_method", "gradcm", r"evaluate\.cam_method: no CAM method .*mean 'gradcam'"),
        ("train.lr", 0, r"train\.lr: input should be greater than 0, got 0"),
        ("index.demo.vall", 0.1, r"index\.demo\.vall: no such key; known: .*mean 'val'"),
        ("index.demo.reader", "demoo", r"index\.demo\.reader: no dataset reader 'demoo'"),
        ("index.demo.options", {"labelmap": {}}, r"index\.demo\.options\.labelmap: no such key"),
        ("heatmap.options.aus", {}, r"heatmap\.options\.aus: no such key; known: au,"),
        ("heatmap.options.au", {"codebok": "x"}, r"heatmap\.options\.au\.codebok: .*'codebook'"),
        ("explain.find.video_fps", 0, r"explain\.find\.video_fps: input should be greater than 0"),
        ("landmark", 7, r"landmark: needs keys and values, got 7"),
        ("transfer", {"split": "all"}, r"transfer: no such section; known: matrix, "),
        ("datasets.demo.align", {"modee": "x"}, r"datasets\.demo\.align\.modee: .*mean 'mode'"),
        ("datasets.demo.landmark", {"max_move": -1}, r"datasets\.demo\.landmark\.max_move: "),
        ("datasets.demo.train", {"lr": 0}, r"datasets\.demo\.train\.lr: .*greater than 0"),
        ("datasets.demo.train", {"alignment": None}, r"datasets\.demo\.train\.alignment: is empty"),
        ("datasets.demo.evaluate", {"splitt": "all"}, r"datasets\.demo\.evaluate\.splitt: no such"),
        ("datasets.demo", {"align": {}}, r"datasets\.demo\.landmark: is missing; known: align, "),
        ("datasets.demo.heatmap", {}, r"datasets\.demo\.heatmap: no such key; known: align, "),
        ("methods.cam", {"evaluate": {"cam_method": "x"}}, r"methods\.cam\.evaluate\.cam_method: "),
        ("methods.cam", {"alignment": None}, r"methods\.cam\.alignment: is empty"),
        ("train.alignment", None, r"train\.alignment: is empty"),
        ("train.seed", 0, r"train\.seed: no such key"),
        ("variants.plain", {"lrr": 1}, r"variants\.plain\.lrr: no such key; known: .*mean 'lr'"),
        ("variants.other", {"lrr": 1}, r"variants\.other\.lrr: no such key"),
        ("variants.aligned.alignment", None, r"variants\.aligned\.alignment: is empty\. Write {}"),
        ("variants.a/b", {}, r"variants.*'a/b' is no name for a variant"),
        (
            "variants.plain",
            {"head": {"window": 3}},
            r"variants\.plain\.head\.window: .*known: none",
        ),
        ("methods.acole", {}, r"methods\.acole: no method 'acole'; known: .*mean 'acol'"),
        ("methods.cam", 7, r"methods\.cam: needs keys and values, got 7"),
        ("methods.cam", {"lrr": 1}, r"methods\.cam\.lrr: no such key; known: .*mean 'lr'"),
        ("methods.cam", {"lr": -1}, r"methods\.cam\.lr: input should be greater than 0, got -1"),
        (
            "train.heads",
            ["valense"],
            r"train\.heads\.0: no added head 'valense'; known: valence_a",
        ),
        ("train.heads", ["valence_arousal"] * 2, r"train\.heads: a head stands there twice"),
        ("train.heads", "valence_arousal", r"train\.heads: needs a list, such as \[valence_ar"),
        ("methods.cam", {"augment": {"flip": 1}}, r"methods\.cam\.augment\.flip: .*'flip_p'"),
        ("methods.cam", {"head": {"window": 3}}, r"methods\.cam\.head\.window: .*known: none"),
        ("methods.acol.head.treshold", 1, r"methods\.acol\.head\.treshold: .*mean 'threshold'"),
        ("methods.prm.head", {}, r"methods\.prm\.head\.window: is missing; known: window"),
        ("methods.adl.training_strategy.drop_p", 2, r"methods\.adl\.training_strategy\.drop_p: "),
        ("methods.eac.losses.margin", {}, r"methods\.eac\.losses\.margin: .*known: cross_entropy"),
        ("methods.eac.losses.mirror_consistency", {}, r"methods\.eac\.losses\.mirror_consistency"),
        ("matrix.methods", ["cm"], r"matrix\.methods\.0: no method 'cm'; known: .*mean 'cam'"),
        ("matrix.kinds", ["aus"], r"matrix\.kinds\.0: no heatmap kind 'aus'; known: .*mean 'au'"),
        ("matrix.datasets", ["demoo"], r"matrix\.datasets: there is no index\.demoo.*mean 'demo'"),
        ("matrix.datasets", [], r"matrix\.datasets: "),
        ("matrix.datasets", ["x;rm y"], r"matrix\.datasets\.0: 'x;rm y' is no name for a"),
        ("matrix.datasets", ["../x"], r"matrix\.datasets\.0: '\.\./x' is no name"),
        ("matrix.made", ["$(x)"], r"matrix\.made.*is no name for a dataset"),
        ("matrix.transfers", [pair(test="a b")], r"matrix\.transfers.*test: 'a b' is no name"),
        ("matrix.transfers", [{"train": "demo", "test": "demo"}], r"matrix.*split: is missing"),
        ("matrix.transfers", [pair(split="al")], r"matrix.*split: input should be 'train', .*'al'"),
        ("matrix.transfers", [pair(), pair(split="val")], r".*demo-on-demo is listed twice"),
        ("index.a`b", {}, r"index.*'a`b' is no name for a dataset"),
        ("matrix.transfers", [pair(test="x")], r"matrix\.transfers: .*index\.x"),
        (
            "matrix.variants",
            ["aligne"],
            r"matrix\.variants: there is no variants\.aligne.*'aligned'",
        ),
        ("matrix.variants", [], r"matrix\.variants: "),
        ("matrix.variants", ["plain", "plain"], r"matrix\.variants: plain is listed twice"),
        ("matrix.repeats", ["0"], r"matrix\.repeats\.0: '0' is none; write seed0 or seed0-fold3"),
        ("matrix.repeats", ["seed0", "seed0"], r"matrix\.repeats: seed0 is listed twice"),
        (
            "matrix.repeats",
            ["seed2-fold3"],
            r"matrix\.repeats: seed2-fold3 names a fold that dataset demo does not have: .*none",
        ),
        ("matrix.repeats", [], r"matrix\.repeats: "),
        ("matrix.kinds", [], r"matrix\.kinds: "),
        (
            "matrix.kinds",
            ["landmarks"],
            r"variants\.aligned\.alignment\.heatmap: .* to matrix\.kinds",
        ),
    ],
)
def test_what_is_illegal_is_named_by_its_key(shipped, key, value, message):
    assert re.match(rf"error\[USAGE\] mine\.yaml: {message}", refusal(changed(shipped, key, value)))


@pytest.mark.parametrize("name", DATASETS)
def test_an_unknown_option_of_a_reader_is_refused(shipped, name):
    section = {**shipped["index"]["demo"], "reader": name, "options": {"labelmap": {}}}
    said = refusal(changed(shipped, "index.mine", section))
    assert "mine.yaml: index.mine.options.labelmap: no such key; known: " in said


def test_options_of_a_reader_that_is_not_known_yet_are_left_to_the_stage(shipped):
    section = {**shipped["index"]["demo"], "reader": "auto", "options": {"ids": "official"}}
    params = validate(changed(shipped, "index.mine", section), FILE)
    assert params.dataset("mine").options == {"ids": "official"}


@pytest.mark.parametrize("name", Params.model_fields)
def test_a_missing_section_is_named(shipped, name):
    rest = {section: keys for section, keys in shipped.items() if section != name}
    assert f"mine.yaml: {name}: is missing" in refusal(rest)


def test_a_misspelt_key_is_reported_as_unknown_and_not_as_missing(shipped):
    whole = copy.deepcopy(shipped)
    whole["align"]["min_inside"] = whole["align"].pop("min_inside_fraction")
    assert "align.min_inside: no such key" in refusal(whole)


def test_a_method_in_the_matrix_needs_its_section(shipped):
    whole = changed(shipped, "matrix.methods", ["prm"])
    del whole["methods"]["prm"]
    assert "matrix.methods: there is no methods.prm" in refusal(whole)


def test_a_kind_in_the_matrix_needs_its_options(shipped):
    whole = changed(shipped, "matrix.kinds", ["au", "generic_au"])
    del whole["heatmap"]["options"]["generic_au"]
    assert "matrix.kinds: there is no heatmap.options.generic_au" in refusal(whole)


@pytest.mark.parametrize("key", ["datasets.demo.train", "methods.cam", "variants.plain"])
def test_an_overlay_without_keys_changes_nothing(shipped, key):
    params = validate(changed(shipped, key, None), FILE)
    assert params.train_of("demo", "cam") == params.train
    assert params.training("demo", "cam", "plain").params.alignment is None


def test_the_keys_of_a_method_replace_those_of_train_one_by_one(shipped):
    whole = changed(shipped, "methods.cam", {"lr": 0.5, "augment": {"flip_p": 0.25}})
    params = validate(whole, FILE)
    found = params.train_of("demo", "cam")
    assert (found.lr, found.augment.flip_p) == (0.5, 0.25)
    assert found.augment.hue == params.train.augment.hue
    assert found.epochs == params.train.epochs


def test_a_run_has_the_numbers_of_its_dataset_its_method_and_its_variant(shipped):
    whole = changed(shipped, "datasets.demo.train", {"lr": 0.1, "epochs": 7, "batch": 4})
    whole = changed(whole, "methods.cam", {"lr": 0.2, "epochs": 8})
    whole = changed(whole, "variants.aligned", {"lr": 0.3, "alignment": {"weight": 4}})
    params = validate(whole, FILE)
    found = params.training("demo", "cam", "aligned")
    assert (found.params.lr, found.params.epochs, found.params.batch) == (0.3, 8, 4)
    assert (found.params.alignment.weight, found.params.alignment.layers) == (4, (5,))
    assert found.kind == "au"
    plain = params.training("demo", "cam", "plain")
    assert (plain.params.lr, plain.params.alignment, plain.kind) == (0.2, None, None)
    assert params.training("another", "cam", "plain").params.batch == params.train.batch


def test_a_method_that_reads_stored_heatmaps_reads_them_in_a_plain_run_too(shipped):
    whole = changed(shipped, "methods.pal.losses.attribution.heatmap", "stored")
    found = validate(whole, FILE).training("demo", "pal", "plain")
    assert (found.params.alignment, found.kind) == (None, "au")


def test_scores_follow_their_dataset_then_their_method_then_their_pair(shipped):
    whole = changed(shipped, "datasets.demo.evaluate", {"split": "val", "bootstrap": 3})
    whole = changed(whole, "methods.cam", {"evaluate": {"bootstrap": 4}})
    params = validate(whole, FILE)
    assert params.evaluate_of("demo", "prm").bootstrap == 3
    found = params.evaluate_of("demo", "cam", "all")
    assert (found.split, found.bootstrap) == ("all", 4)
    assert params.evaluate_of("another", "prm") == params.evaluate


def test_crops_and_landmarks_follow_their_dataset(shipped):
    whole = changed(shipped, "datasets.demo.align", {"mode": "resize"})
    whole = changed(whole, "datasets.demo.landmark", {"backend": "given"})
    params = validate(whole, FILE)
    assert params.align_of("demo").mode == "resize"
    assert params.landmark_of("demo").backend == "given"
    assert params.align_of("another") == params.align


def test_the_splits_that_runs_will_need_are_known_with_who_needs_them(shipped):
    assert validate(shipped, FILE).needed_splits("demo") == {
        "train": "training",
        "val": "train.protocol holdout of cam plain",
        "test": "evaluate.split",
    }
    whole = changed(shipped, "matrix.transfers", [pair(split="all")])
    whole = changed(
        whole, "datasets.demo", {**whole["datasets"]["demo"], "evaluate": {"split": "val"}}
    )
    whole = changed(whole, "methods.cam", {"protocol": "paper"})
    assert validate(whole, FILE).needed_splits("demo") == {
        "train": "training",
        "test": "train.protocol paper of cam plain",
        "val": "datasets.demo.evaluate.split",
        "all": "matrix.transfers (demo-on-demo)",
    }
    assert validate(shipped, FILE).needed_splits("another") == {}


def test_index_needs_no_split_where_every_repeat_is_a_fold(shipped):
    assert validate(shipped, FILE).needed_before_folds("demo")["test"] == "evaluate.split"
    whole = changed(shipped, "index.demo.folds", 3)
    folds = validate(changed(whole, "matrix.repeats", ["seed0-fold0", "seed0-fold1"]), FILE)
    assert folds.needed_before_folds("demo") == {}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_parameters(checkout, name):
    assert load(checkout / "params.yaml").train_of("demo", name).epochs > 0


def test_an_unknown_method_gets_a_guess(shipped):
    with pytest.raises(UsageError, match=r"no method 'acole'.*Did you mean 'acol'"):
        validate(shipped, FILE).train_of("demo", "acole")


def test_a_method_without_a_section_says_which_to_add(shipped):
    whole = copy.deepcopy(shipped)
    del whole["methods"]["prm"]
    with pytest.raises(UsageError, match=r"mine\.yaml: methods\.prm: is missing"):
        validate(whole, FILE).train_of("demo", "prm")


def test_a_dataset_without_a_section_says_how_to_get_one(shipped):
    with pytest.raises(UsageError, match=r"index\.mine: is missing.*Run: python cli\.py use mine"):
        validate(shipped, FILE).dataset("mine")


def test_validating_loads_nothing_heavy(checkout):
    heavy = "torch cv2 zarr dask distributed h5py mediapipe dlib matplotlib timm"
    code = (
        "import sys; from pathlib import Path; from params import load; "
        f"load(Path('params.yaml')); print(*({{*{heavy.split()}}} & {{*sys.modules}}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""
