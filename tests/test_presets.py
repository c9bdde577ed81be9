"""params.yaml and presets/: each is legal as a whole; a preset changes what it says."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from anatomy.heatmaps import HEATMAPS
from cli import main
from demo.params import DemoParams
from errors import UsageError
from explain.explanation import ReadParams
from explain.media import FindParams
from params import SECTIONS, apply_preset, load, presets
from pipeline.align import NO_FACE
from pipeline.params import AlignParams, HeatmapParams, IndexParams, LandmarkParams, SurveyParams
from report.params import DrawParams, ReportParams
from tests.resuming import glimpse
from train.data.augmentation import FILLS
from train.data.samplers import SAMPLERS
from train.fitting.optimisers import OPTIMISERS, SCHEDULES
from train.methods import METHODS, clip
from train.methods.backbones import BACKBONES
from train.methods.base import LevelShape
from train.methods.heads import HEADS
from train.methods.model import build_losses, build_strategy
from train.options import head_options
from train.params import EvaluateParams, ExportParams, TrainParams

FOLDER = Path(__file__).parents[1] / "presets"
NAMES = sorted(presets(FOLDER))
MODELS = {
    ("demo",): DemoParams,
    ("index", "demo"): IndexParams,
    ("align",): AlignParams,
    ("landmark",): LandmarkParams,
    ("survey",): SurveyParams,
    ("heatmap",): HeatmapParams,
    ("train",): TrainParams,
    ("evaluate",): EvaluateParams,
    ("report",): ReportParams,
    ("explain", "find"): FindParams,
    ("explain", "read"): ReadParams,
    ("explain", "draw"): DrawParams,
    ("export",): ExportParams,
}
OVERLAYS = {"matrix", "methods", "transfer"}


@pytest.fixture
def params(tmp_path, checkout):
    return Path(shutil.copy(checkout / "params.yaml", tmp_path))


def applied(params, name):
    return apply_preset(params, FOLDER / f"{name}.yaml")


def refuse_what_is_illegal(params):
    for place, model in MODELS.items():
        load(params, place, model)
    load(params, ("evaluate",), EvaluateParams, overlay=("transfer",))
    for method in METHODS:
        load(params, ("train",), TrainParams, overlay=("methods", method))


def test_every_section_is_looked_at():
    assert {place[0] for place in MODELS} | OVERLAYS == set(SECTIONS)


def test_the_presets_of_the_field_are_there():
    published = {"raf_db_published", "affectnet_published", "apvit"}
    siblings = {f"{name}_published" for name in ("cafe", "scn", "rul", "eac")}
    assert set(NAMES) == {"open_expressions", "smoke"} | published | siblings


def test_the_parameters_are_legal_in_every_section(params):
    refuse_what_is_illegal(params)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_is_legal_in_every_section(params, name):
    applied(params, name)
    refuse_what_is_illegal(params)
    assert load(params, ("align",), AlignParams).no_face in NO_FACE


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", METHODS)
def test_a_preset_makes_every_method_one_that_can_be_built(params, name, method, monkeypatch):
    monkeypatch.setattr(clip, "_LOADERS", dict.fromkeys(("random", "openai"), glimpse))
    applied(params, name)
    numbers = load(params, ("train",), TrainParams, overlay=("methods", method))
    assert numbers.backbone in BACKBONES
    assert numbers.optimiser in OPTIMISERS
    assert numbers.schedule in SCHEDULES
    assert numbers.feed.sampler in SAMPLERS
    assert numbers.alignment.heatmap in HEATMAPS
    assert numbers.augment.erase_fill in FILLS
    options = head_options(METHODS[method], numbers.head)
    HEADS[METHODS[method].head](LevelShape(512, 4, 4), options)
    build_losses(METHODS[method], numbers)
    build_strategy(METHODS[method], numbers)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_keeps_every_comment(params, name):
    before = re.findall("#.*", params.read_text())
    applied(params, name)
    assert re.findall("#.*", params.read_text()) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_says_in_a_line_what_it_is_for(name):
    assert 40 < len(presets(FOLDER)[name]) < 170


def test_a_second_time_nothing_changes(params):
    assert "train.epochs: 10 -> 1" in applied(params, "smoke")
    assert applied(params, "smoke") == []


def test_a_key_that_is_not_in_the_file_is_named_and_nothing_is_written(params, tmp_path):
    before = params.read_text()
    odd = tmp_path / "odd.yaml"
    odd.write_text("# odd\ntrain:\n  epochs: 3\n  epoch: 3\n")
    with pytest.raises(UsageError, match=r"train\.epoch: is missing"):
        apply_preset(params, odd)
    assert params.read_text() == before


def test_the_command_lists_them_and_applies_one(params):
    listed = CliRunner().invoke(main, ["preset"], catch_exceptions=False).output
    assert [line.split()[0] for line in listed.splitlines()] == NAMES
    said = CliRunner().invoke(
        main, ["preset", "apvit", "--params", str(params)], catch_exceptions=False
    )
    assert "methods.apvit.backbone: ir18 -> ir50" in said.output
    assert load(params, ("train",), TrainParams, overlay=("methods", "apvit")).image_px == 112


def test_an_unknown_preset_gets_a_guess(params):
    with pytest.raises(UsageError, match="Did you mean 'smoke'"):
        CliRunner().invoke(main, ["preset", "smok"], catch_exceptions=False)
