import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from anatomy.heatmaps import HEATMAPS
from cli import main
from commands.options import CLUSTER, DEVICE, StageOptions, echo, stage
from errors import UsageError
from pipeline.datasets import DATASETS


def record(seen):
    """Return a stage that notes what it is given."""

    @stage("raw", "out", options=(*CLUSTER, *DEVICE, click.option("--kind", default="au")))
    def draw_maps(raw, out, kind, shared):
        """Draw."""
        seen.append((raw, out, kind, shared))

    return draw_maps


def test_a_stage_is_a_command_named_like_its_function():
    assert record([]).name == "draw-maps"


def test_a_stage_gets_paths_its_own_options_and_the_shared_ones():
    seen = []
    line = "in out --kind landmarks --workers 2 --rebuild --device cpu --params mine.yaml"
    CliRunner().invoke(record(seen), line.split(), catch_exceptions=False)
    shared = StageOptions(Path("mine.yaml"), rebuild=True, workers=2, device="cpu")
    assert seen == [(Path("in"), Path("out"), "landmarks", shared)]


def test_what_is_not_said_has_its_default():
    seen = []
    CliRunner().invoke(record(seen), ["in", "out"], catch_exceptions=False)
    assert seen[0][2:] == ("au", StageOptions(Path("params.yaml"), rebuild=False))


def test_a_missing_input_is_a_usage_error():
    found = CliRunner().invoke(record([]), ["in"])
    assert found.exit_code == 2
    assert "Missing argument 'OUT'" in found.output


def test_the_parameters_are_those_of_the_whole_file(checkout, tmp_path):
    text = (checkout / "params.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace("bootstrap:", "bootstap:"))
    with pytest.raises(UsageError, match=r"evaluate\.bootstap"):
        _ = StageOptions(tmp_path / "mine.yaml", rebuild=False).params


def test_what_is_printed_is_escaped_line_by_line(capsys):
    echo("a\x1b[31m\nb", "\u202ec")
    assert capsys.readouterr().out == "a\\x1b[31m\\nb\n\\u202ec\n"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("use", "--help"), [*DATASETS]),
        (("heatmap", "--help"), [*HEATMAPS]),
        (("view", "heatmaps", "--help"), [*HEATMAPS]),
    ],
    ids=str,
)
def test_help_names_every_member_of_a_family(words, names):
    said = " ".join(CliRunner().invoke(main, words).output.split())
    assert f"Known: {', '.join(names)}." in said


@pytest.mark.parametrize("command", ["use", "heatmap"])
def test_help_loads_nothing_heavy(checkout, command):
    code = (
        "import sys\nfrom cli import main\n"
        f"main(['{command}', '--help'], standalone_mode=False)\n"
        "print({'torch', 'cv2', 'zarr', 'polars', 'dask'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"
