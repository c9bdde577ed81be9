import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main

ROOT = Path(__file__).parents[1]
DATASET = (
    "{{reader: {reader}, options: {{}}, seed: 0, val: 0.1, test: 0.2, follow_links: false, "
    "folds: none, look_alikes: report, look_alike_bits: 4, max_unlabelled: 0.5, "
    "allow_leak: false, labels: basic7}}"
)


@pytest.fixture
def folder(tmp_path, checkout):
    """A folder with params.yaml in which commands run."""
    (tmp_path / "params.yaml").write_text((checkout / "params.yaml").read_text())
    return tmp_path


def aulens(folder, *arguments):
    command = [sys.executable, str(ROOT / "cli.py"), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def add_dataset(folder, name, reader):
    file = folder / "params.yaml"
    entry = f"index:\n  {name}: {DATASET.format(reader=reader)}"
    file.write_text(file.read_text().replace("index:", entry, 1))


@pytest.mark.parametrize("name", main.commands)
def test_every_command_has_help(name):
    found = CliRunner().invoke(main, [name, "--help"])
    assert found.exit_code == 0
    assert len(main.commands[name].help) > 20


@pytest.mark.parametrize("name", main.commands)
def test_every_command_is_in_the_readme(name, checkout):
    assert f"`{name}`" in (checkout / "README.md").read_text()


def test_help_answers_at_once(checkout):
    before = os.times()
    assert aulens(checkout, "--help").returncode == 0
    after = os.times()
    # 0.1 s of processor time: the clock says nothing on a shared machine.
    assert after.children_user + after.children_system < before.children_user + (
        before.children_system + 1
    )


def test_the_version_is_that_of_the_citation(checkout):
    said = CliRunner().invoke(main, ["--version"]).output
    (cited,) = re.findall(r"^version: (.+)$", (checkout / "CITATION.cff").read_text(), re.MULTILINE)
    assert said == f"AULens {cited}\n"


def test_a_misspelt_key_is_named_with_the_right_one(folder):
    file = folder / "params.yaml"
    file.write_text(file.read_text().replace("min_inside_fraction:", "min_inside_fracton:"))
    found = aulens(folder, "align", "data/index/demo", "data/faces/demo")
    assert found.returncode == 2
    assert "align.min_inside_fracton: no such key" in found.stderr
    assert "Did you mean 'min_inside_fraction'?" in found.stderr
    assert found.stderr.count("\n") == 1


def test_an_empty_dataset_is_an_input_that_is_not_there(folder):
    add_dataset(folder, "mine", "folder")
    (folder / "data" / "raw" / "mine").mkdir(parents=True)
    found = aulens(folder, "index", "data/raw/mine", "data/index/mine")
    assert found.returncode == 66
    assert found.stderr.startswith(
        "error[NOINPUT] data/raw/mine: reader folder finds no picture in it"
    )
    assert found.stderr.count("\n") == 1


def test_a_label_outside_the_seven_names_its_line(folder):
    add_dataset(folder, "mine", "csv")
    raw = folder / "data" / "raw" / "mine"
    raw.mkdir(parents=True)
    (raw / "labels.csv").write_text("file,label\na.jpg,happy\nb.jpg,bored\n")
    found = aulens(folder, "index", "data/raw/mine", "data/index/mine")
    assert found.returncode == 65
    assert "labels.csv, line 3: label 'bored' is none of neutral, happiness" in found.stderr
    assert found.stderr.count("\n") == 1


def test_a_dataset_without_a_section_says_which_to_add(folder):
    found = aulens(folder, "index", "data/raw/mine", "data/index/mine")
    assert found.returncode == 2
    assert "index.mine: is missing; there is demo" in found.stderr


def test_an_output_that_is_in_the_way_is_left_alone(folder):
    add_dataset(folder, "mine", "csv")
    raw, out = folder / "data" / "raw" / "mine", folder / "data" / "index" / "mine"
    raw.mkdir(parents=True)
    (raw / "labels.csv").write_text("file,label\na.jpg,happy\n")
    (raw / "a.jpg").touch()
    out.mkdir(parents=True)
    (out / "notes.txt").write_text("mine")
    found = aulens(folder, "index", "data/raw/mine", "data/index/mine")
    assert found.returncode == 73
    assert (out / "notes.txt").read_text() == "mine"


def test_a_missing_parameter_file_is_named(tmp_path):
    found = aulens(tmp_path, "index", "raw", "out")
    assert found.returncode == 66
    assert "params.yaml" in found.stderr


def test_an_unknown_device_is_refused(folder):
    found = aulens(
        folder,
        "train",
        "f",
        "l",
        "h",
        "p",
        "o",
        "--repeat",
        "seed0",
        "--device",
        "tpu9",
    )
    assert found.returncode == 2
    assert "'tpu9' cannot be used" in found.stderr


def test_a_folder_where_the_parameters_should_be_is_no_input(folder):
    (folder / "params.yaml").unlink()
    (folder / "params.yaml").mkdir()
    found = aulens(folder, "report", "results", "pages")
    assert found.returncode == 66
    assert "Traceback" not in found.stderr


def raising(folder, error):
    """Run a command that ends with this error."""
    code = f"import cli, params\ndef fail(*given): raise {error}\nparams.load = fail\n"
    return subprocess.run(
        [sys.executable, "-c", f"{code}cli.run_safely()", "report", "results", "pages"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("error", ["ZeroDivisionError('odd')", "OSError('odd')"])
def test_something_unforeseen_leaves_its_traceback_in_a_file(folder, error):
    found = raising(folder, error)
    assert found.returncode == 1
    (log,) = folder.glob("aulens-*.log")
    assert str(log) in found.stderr
    assert found.stderr.count("\n") == 1
    assert log.read_text().endswith(f"{error.split('(')[0]}: odd\n")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            "OSError(28, 'No space left on device', 'a')",
            74,
            "error[IO] a: No space left on device.",
        ),
        ("OSError(24, 'Too many open files')", 74, "error[IO] system: Too many open files."),
        ("OSError(13, 'Permission denied', 'a')", 77, "error[NOPERM] a: Permission denied."),
        ("OSError(2, 'No such file', 'a')", 66, "error[NOINPUT] a: No such file."),
        ("ModuleNotFoundError(name='zarr')", 66, "error[NOINPUT] package zarr: is not installed"),
        ("MemoryError", 71, "error[RESOURCE] memory: not enough memory. Use fewer --workers"),
    ],
)
def test_what_the_system_refuses_has_its_code(folder, error, code, words):
    found = raising(folder, error)
    assert found.returncode == code
    assert found.stderr.startswith(words)
    assert found.stderr.count("\n") == 1


def test_a_module_of_its_own_that_is_missing_is_a_bug(folder):
    assert "error[BUG]" in raising(folder, "ModuleNotFoundError(name='train.gone')").stderr


def test_using_a_dataset_that_is_not_there_is_refused(folder):
    before = (folder / "params.yaml").read_text()
    found = aulens(folder, "use", "mine", "--reader", "csv")
    assert found.returncode == 66
    assert "data/raw/mine: is no folder" in found.stderr
    assert (folder / "params.yaml").read_text() == before


def test_using_a_dataset_keeps_the_comments_of_the_parameters(folder):
    (folder / "data" / "raw" / "mine").mkdir(parents=True)
    before = (folder / "params.yaml").read_text()
    assert aulens(folder, "use", "mine", "--reader", "folder").returncode == 0
    after = (folder / "params.yaml").read_text()
    assert "datasets: [mine]" in after
    assert "reader: folder" in after
    assert after.count("#") == before.count("#")


def test_an_argument_of_the_command_line_gives_the_terminal_no_orders(checkout):
    done = subprocess.run(
        [sys.executable, "cli.py", "verify", "--deep", "--a\x1b]0;title\x07"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\\x1b" in done.stderr
