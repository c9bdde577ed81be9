"""`import-run` on the command line: what it says of inputs that are none."""

import shutil

import pytest
from click.testing import CliRunner

from cli import main
from errors import DataError, NoInputError, ProjectError, UsageError


@pytest.fixture
def said(checkout, tmp_path, monkeypatch):
    shutil.copy(checkout / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)

    def run(line):
        return CliRunner().invoke(main, ["import-run", *line.split()], catch_exceptions=False)

    return run


def test_help_lists_methods_and_backbones(said):
    shown = said("--help").output
    assert "ts_cam" in shown
    assert "resnet50" in shown


@pytest.mark.parametrize(
    ("made", "line", "kind", "message"),
    [
        ("", "nowhere runs", UsageError, "does not say which it is of"),
        ("", "nowhere.pt runs --method cam --backbone resnet18", NoInputError, "is not there"),
        ("", ". runs", NoInputError, "holds no config_model.yaml"),
        ("a.pt", "a.pt runs --method cam --backbone resnet18", DataError, "no plain state dict"),
        ("a.pt", "a.pt runs --method came --backbone resnet18", UsageError, "Did you mean 'cam'"),
        ("a.pt", "a.pt runs --method cam --backbone resnet19", ProjectError, "resnet18|state dict"),
    ],
)
def test_inputs_that_are_none_are_refused_in_one_line(said, tmp_path, made, line, kind, message):
    if made:
        (tmp_path / made).write_text("no weights")
    with pytest.raises(kind, match=message) as caught:
        said(line)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "runs").exists()
