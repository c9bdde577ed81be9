"""presets/: each makes a legal params.yaml, from which every method can be built."""

import re
import shutil
from pathlib import Path

import pytest

from params import load
from params.editing import apply_preset, preset_for, presets
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

FOLDER = Path(__file__).parents[1] / "presets"
NAMES = sorted(presets(FOLDER))
FILES = [FOLDER / f"{name}.yaml" for name in NAMES]


@pytest.fixture(scope="module", params=NAMES)
def applied(request, checkout, tmp_path_factory):
    """A copy of params.yaml to which a preset was applied."""
    file = Path(shutil.copy(checkout / "params.yaml", tmp_path_factory.mktemp(request.param)))
    apply_preset(file, FOLDER / f"{request.param}.yaml")
    return file


def test_the_presets_of_the_field_are_there():
    published = {"raf_db_published", "affectnet_published", "apvit"}
    siblings = {f"{name}_published" for name in ("cafe", "scn", "rul", "eac")}
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
        HEADS[method.head](LevelShape(512, 4, 4), head_options(method, params.head))
        build_losses(method, params, [1] * 7)
        STRATEGIES[method.training_strategy](strategy_options(method, params.training_strategy))


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
