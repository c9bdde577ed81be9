import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks.scratch import scratch
from benchmarks.timing import FEWEST_ROUNDS, interleaved

MODULES = sorted(file.stem for file in (Path(__file__).parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_a_benchmark_still_fits_what_it_measures(name):
    importlib.import_module(f"benchmarks.{name}")


def test_a_made_up_dataset_can_be_indexed(tmp_path):
    made_up = importlib.import_module("benchmarks.made_up")
    made_up.index_pictures(made_up.picture_folder(tmp_path / "raw", 30), tmp_path / "index")
    assert len((tmp_path / "index" / "samples.csv").read_text().splitlines()) == 31


LEAVES = """
import sys, time
from benchmarks.scratch import scratch
with scratch() as folder:
    (folder / "big").touch()
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_a_benchmark_that_is_ended_leaves_no_files(how, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", LEAVES], stdout=subprocess.PIPE) as process:
        folder = Path(process.stdout.readline().decode().strip())
        assert (folder / "big").exists()
        getattr(process, how)()
        process.wait(30)
    monkeypatch.setattr(tempfile, "tempdir", None)
    with scratch():  # removes what a killed one left
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_busy_machine_gets_fewer_rounds_and_is_told(capsys):
    found = interleaved({"one": lambda: None}, 9, budget_s=0.0)
    assert len(found["one"]) == FEWEST_ROUNDS
    assert "3 of 9 rounds" in capsys.readouterr().out
