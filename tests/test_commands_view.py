import shutil

import pytest
from click.testing import CliRunner

from cli import main
from errors import UsageError


@pytest.fixture
def view(tmp_path, checkout, monkeypatch):
    """A function that runs `view` in a folder with params.yaml."""
    shutil.copy(checkout / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *arguments: runner.invoke(
        main, ["view", *map(str, arguments)], catch_exceptions=False
    )


def test_heatmaps_are_drawn_on_at_most_so_many_faces(view, tiny, tmp_path):
    said = view("heatmaps", tiny.faces, tiny.landmarks, "out", "-n", 3).output
    assert said == "out: sheet-001.png to sheet-001.png, 3 faces\n"
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["sheet-001.png"]


def test_a_kind_that_there_is_not_gets_a_guess(view, tiny):
    with pytest.raises(UsageError, match=r"no heatmap kind 'aus'.*Did you mean 'au'"):
        view("heatmaps", tiny.faces, tiny.landmarks, "out", "--kind", "aus")


def test_the_codebook_is_a_table_and_a_figure(view, tmp_path):
    said = view("codebook", "out").output
    written = {file.name for file in (tmp_path / "out").iterdir()}
    assert all(name in said for name in written)
    assert len(written) > 1
