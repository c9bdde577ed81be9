"""Every stage validates the whole of params.yaml before it does anything."""

import shlex

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
    "train": "faces landmarks heatmaps out --method cam --supervision plain",
    "evaluate": "run faces landmarks out",
    "transfer": "run faces landmarks out",
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
    assert list(ARGUMENTS) == [stage.name for stage in STAGES]


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_misspelt_key_of_another_section_stops_a_stage_before_it_starts(folder, name):
    found = CliRunner().invoke(main, [name, *shlex.split(ARGUMENTS[name])])
    assert "export.opsett: no such key" in str(found.exception)
    assert [file.name for file in folder.iterdir()] == ["params.yaml"]


@pytest.mark.parametrize("name", ["evaluate", "transfer"])
def test_the_main_scores_are_also_written_where_dvc_reads_them(
    tmp_path, checkout, monkeypatch, name
):
    def score(inputs, out, params, progress, rebuild):
        assert [str(inputs.run), str(inputs.landmarks)] == ["run", "landmarks"]
        out.mkdir()
        (out / "metrics.json").write_text('{"accuracy": 0.5}')
        return "done"

    monkeypatch.setattr("train.evaluation.stage.evaluate", score)
    (tmp_path / "params.yaml").write_text((checkout / "params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    words = [name, "run", "faces", "landmarks", "out", "--metrics", "metrics/mine/cam.json"]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert (tmp_path / "metrics/mine/cam.json").read_text() == '{"accuracy": 0.5}'


def test_the_graph_lists_the_scores_of_every_run(checkout):
    stages = yaml.safe_load((checkout / "dvc.yaml").read_text())["stages"]
    for name in ("evaluate", "transfer"):
        (file,) = stages[name]["metrics"]
        assert f"--metrics {file}" in stages[name]["cmd"]
        assert file == stages[name]["outs"][0].replace("results/", "metrics/") + ".json"
