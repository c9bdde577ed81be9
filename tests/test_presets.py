"""presets/: each makes a legal params.yaml, from which every method can be built."""

import re
import shutil
from pathlib import Path

import pytest

from params import load
from params.editing import apply_preset, preset_for, presets, use_dataset
from pipeline.datasets import DATASETS
from tests.resuming import glimpse
from train.data.augmentation import FILLS
from train.data.samplers import SAMPLERS
from train.fitting.optimisers import OPTIMISERS, SCHEDULES
from train.methods import METHODS, clip
from train.methods.backbones import BACKBONES
from train.methods.base import LevelShape
from train.methods.heads import HEADS
from train.methods.model import build_losses
from train.methods.strategies import STRATEGIES
from train.options import head_options, strategy_options
from yaml_files import read_yaml

FOLDER = Path(__file__).parents[1] / "presets"
NAMES = sorted(presets(FOLDER))
FILES = [FOLDER / f"{name}.yaml" for name in NAMES]


DATASETS_OF = {
    "raf": "raf_db",
    "affectnet": "affectnet_npy",
    "faces": "open_expressions",
    "mine": "csv",
}
"""Name of a dataset -> its reader."""
MACHINE = {
    "feed",
    "compile",
    "deterministic",
    "checkpoint_steps",
    "checkpoint_minutes",
    "loggers",
    "tf32",
}
"""Keys of [train] that say how the machine works."""


@pytest.fixture(scope="module", params=NAMES)
def applied(request, checkout, tmp_path_factory):
    """A copy of params.yaml to which a preset was applied."""
    file = Path(shutil.copy(checkout / "params.yaml", tmp_path_factory.mktemp(request.param)))
    ready(file)
    apply_preset(file, FOLDER / f"{request.param}.yaml")
    return file


def ready(file):
    """Use a dataset for every preset that is about one."""
    for name, reader in DATASETS_OF.items():
        use_dataset(file, name, reader)


def test_the_presets_of_the_field_are_there():
    published = {"raf_db_published", "affectnet_published", "apvit"}
    siblings = {f"{name}_published" for name in ("cafe", "scn", "rul", "eac")} | {"cafe_affectnet"}
    ours = {"real_faces", "small_set", "smoke", "study_open", "study_curves"}
    assert set(NAMES) == ours | published | siblings


def test_a_preset_is_legal_and_every_method_can_be_built(applied, monkeypatch):
    monkeypatch.setattr(clip, "_LOADERS", dict.fromkeys(("random", "openai"), glimpse))
    whole = load(applied)
    for name, method in METHODS.items():
        params = whole.train_of("demo", name)
        assert params.backbone in BACKBONES
        assert params.optimiser in OPTIMISERS
        assert params.schedule in SCHEDULES
        assert params.feed.sampler in SAMPLERS
        assert params.augment.erase_fill in FILLS
        HEADS[method.head](LevelShape(512, 4, 4, 7), head_options(method, params.head))
        build_losses(method, params, [1] * 7)
        STRATEGIES[method.training_strategy](strategy_options(method, params.training_strategy))


def states(keys, section):
    """Return the keys of a section that are not stated in some keys that lie over it."""
    return {
        name
        for name in type(section).model_fields
        if name not in {*MACHINE, *TOKENS, *OF_METHODS, *OTHER_CHOICES} and name not in keys
    }


TOKENS, OF_METHODS = {"token_px"}, {"head", "training_strategy", "losses"}
OTHER_CHOICES = {
    *(
        "focal_gamma",
        "logit_tau",
        "effective_beta",
        "noise_std",
        "share",
        "sharpness",
        "sharpness_growth",
    ),
    *("rotate_deg", "brightness", "contrast", "saturation", "hue", "momentum", "alignment"),
    "valence_arousal",
}
"""Keys that do nothing with what the presets choose, or belong to a variant."""


@pytest.mark.parametrize("name", ["raf_db_published", "affectnet_published"])
def test_a_preset_of_a_paper_states_every_key_it_relies_on(name, checkout):
    shipped, keys = load(checkout / "params.yaml").train, read_yaml(FOLDER / f"{name}.yaml")
    train = keys["dataset"]["train"]
    assert states(train, shipped) == set()
    for section in ("classification", "augment", "fine_tuning", "alignment"):
        assert states(train[section], getattr(shipped, section)) == set()
    assert keys["dataset"]["align"].keys() >= {"mode", "no_face", "grey", "size_px"}
    scored = {"checkpoint", "geometry", "codebook", "canvas_px", "split"}
    assert keys["dataset"]["evaluate"].keys() == scored


@pytest.mark.parametrize("name", ["cafe", "scn", "rul", "eac"])
def test_a_preset_of_a_method_states_every_key_it_relies_on(name, checkout):
    shipped = load(checkout / "params.yaml").train
    keys = read_yaml(FOLDER / f"{name}_published.yaml")
    own = keys["methods"][name]
    assert {*keys} == {"matrix", "methods"}
    assert states(own, shipped) == {"amp"}  # whatever the machine can
    for section in ("classification", "augment", "fine_tuning"):
        assert states(own[section], getattr(shipped, section)) == set()


def test_presets_of_two_datasets_do_not_touch_each_other(checkout, tmp_path):
    both = []
    for order in (("raf_db", "affectnet"), ("affectnet", "raf_db")):
        file = Path(shutil.copy(checkout / "params.yaml", tmp_path / f"{order[0]}.yaml"))
        ready(file)
        for name in order:
            apply_preset(file, FOLDER / f"{name}_published.yaml")
        both.append(file)
    assert both[0].read_text() == both[1].read_text()
    params, shipped = load(both[0]), load(checkout / "params.yaml")
    assert (params.align_of("raf").mode, params.align_of("affectnet").mode) == ("auto", "resize")
    assert params.evaluate_of("raf", "cam").split == "test"
    assert params.evaluate_of("affectnet", "cam").split == "val"
    assert params.training("raf", "cam", "aligned").params.alignment.weight == 4
    assert (params.align, params.train, params.evaluate) == (
        shipped.align,
        shipped.train,
        shipped.evaluate,
    )


def test_a_preset_keeps_every_comment(applied, checkout):
    shipped = (checkout / "params.yaml").read_text()
    assert re.findall("#.*", applied.read_text()) == re.findall("#.*", shipped)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_says_in_a_line_what_it_is_for(name):
    assert 40 < len(presets(FOLDER)[name]) < 170


def test_the_preset_that_fits_a_reader_is_named():
    assert preset_for(FOLDER, "raf_db") == "raf_db_published"
    assert preset_for(FOLDER, "affectnet_csv") == "affectnet_published"
    assert preset_for(FOLDER, "folder") == "small_set"
    assert preset_for(FOLDER, "open_expressions") == "real_faces"
    assert preset_for(FOLDER, "mma") is None


def test_every_reader_that_a_preset_names_is_one():
    lines = [re.findall("^# For readers: (.*)$", one.read_text(), re.MULTILINE) for one in FILES]
    named = [name for line in lines for names in line for name in names.split(", ")]
    assert set(named) <= set(DATASETS)
    assert len(named) == len(set(named))
