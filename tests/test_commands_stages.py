"""Every stage validates the whole of params.yaml before it does anything."""

import shlex
import shutil

import pytest
import yaml
from click.testing import CliRunner

from cli import main
from commands.stages import STAGES

ARGUMENTS = {
    "demo": "data/raw/demo",
    "index": "data/raw/demo data/index/demo",
    "align": "index out",
    "landmark": "faces out",
    "survey": "index faces landmarks out",
    "heatmap": "landmarks out --kind au",
    "plan": "faces heatmaps out --dataset demo",
    "evaluate": "run faces landmarks out",
    "transfer": "run faces landmarks out --split all",
    "report": "results out",
}


@pytest.fixture
def folder(tmp_path, checkout, monkeypatch):
    """A folder whose params.yaml has a misspelt key in its last section."""
    text = (checkout / "params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(text.replace("  opset:", "  opsett:"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_stage_is_tried():
    reading = [stage.name for stage in STAGES if stage.name != "train"]  # it reads its plan
    assert list(ARGUMENTS) == reading


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_misspelt_key_of_another_section_stops_a_stage_before_it_starts(folder, name):
    found = CliRunner().invoke(main, [name, *shlex.split(ARGUMENTS[name])])
    assert "export.opsett: no such key" in str(found.exception)
    assert [file.name for file in folder.iterdir()] == ["params.yaml"]


@pytest.fixture
def scored(monkeypatch, tmp_path, checkout, tiny, tiny_run):
    """A function (words) -> numbers with which the run is scored; it writes `out`."""
    seen = []

    def score(inputs, out, params, progress, rebuild):
        assert (inputs.run, inputs.landmarks) == (tiny_run, tiny.landmarks)
        seen.append(params)
        out.mkdir()
        (out / "metrics.json").write_text('{"accuracy": 0.5}')
        return "done"

    def run(*words):
        stage, *options = words
        given = [stage, *map(str, (tiny_run, tiny.faces, tiny.landmarks)), "out", *options]
        found = CliRunner().invoke(main, given)
        assert found.exit_code == 0, found
        return seen.pop()

    monkeypatch.setattr("train.evaluation.stage.evaluate", score)
    (tmp_path / "params.yaml").write_text((checkout / "params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    return run


@pytest.mark.slow
@pytest.mark.parametrize("words", [("evaluate",), ("transfer", "--split", "val")])
def test_the_main_scores_are_also_written_where_dvc_reads_them(scored, tmp_path, words):
    scored(*words, "--metrics", "metrics/mine/cam.json")
    assert (tmp_path / "metrics/mine/cam.json").read_text() == '{"accuracy": 0.5}'


@pytest.mark.slow
def test_a_run_is_scored_with_the_numbers_of_its_dataset_and_its_method(scored, tmp_path):
    file = tmp_path / "params.yaml"
    text = file.read_text()
    own = "  tiny: {align: {}, landmark: {}, train: {}, evaluate: {bootstrap: 7, split: val}}\n"
    text = text.replace("\n  demo: {align:", f"\n{own}  demo: {{align:")
    file.write_text(text.replace("  cam: {}", "  cam: {evaluate: {cam_method: gradcam}}"))
    found = scored("evaluate")
    assert (found.bootstrap, found.split, found.cam_method) == (7, "val", "gradcam")
    assert scored_elsewhere(scored, tmp_path).split == "all"


def scored_elsewhere(scored, folder):
    """Return the numbers of a transfer."""
    shutil.rmtree(folder / "out")
    return scored("transfer", "--split", "all")


def test_a_training_reads_its_plan_and_not_the_parameters(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = "train faces landmarks heatmaps plan.yaml out --repeat seed0"
    found = CliRunner().invoke(main, words.split())
    assert "plan.yaml: is not there. Run `dvc repro plan`" in str(found.exception)


@pytest.mark.parametrize(
    "word", ["seed", "seed-1", "seed01", "0", "seed0-fold", "seed1e3", "", "a b"]
)
def test_a_word_that_is_no_repeat_is_refused(tmp_path, monkeypatch, word):
    monkeypatch.chdir(tmp_path)
    words = ["train", "faces", "landmarks", "heatmaps", "plan.yaml", "out", "--repeat", word]
    assert "write seed0 or seed0-fold3" in str(CliRunner().invoke(main, words).exception)


def test_the_graph_lists_the_scores_of_every_run(checkout):
    stages = yaml.safe_load((checkout / "dvc.yaml").read_text())["stages"]
    for name in ("evaluate", "transfer"):
        (file,) = stages[name]["metrics"]
        assert f"--metrics {file}" in stages[name]["cmd"]
        assert file == stages[name]["outs"][0].replace("results/", "metrics/") + ".json"
