"""Every stage validates the whole of params.yaml before it does anything."""

import shlex

import pytest
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
