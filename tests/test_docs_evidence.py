"""docs/evidence.md: its command runs as it stands; `python` and `dvc` only note their arguments."""

import os
import re
import shutil
import subprocess

import pytest

NOTING = '#!/bin/sh\necho "$(basename "$0") $*" >> "$NOTED"\n'


@pytest.fixture
def folder(checkout, tmp_path):
    """A folder with the Makefile and a finished .venv of programs that note their arguments."""
    for name in ("Makefile", "requirements.lock"):
        shutil.copy(checkout / name, tmp_path)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "dvc"):
        (programs / name).write_text(NOTING)
        (programs / name).chmod(0o755)
    (tmp_path / ".venv" / "ready").touch()
    return tmp_path


def make(folder, line):
    environment = {**os.environ, "NOTED": str(folder / "noted")}
    return subprocess.run(
        line, shell=True, cwd=folder, env=environment, capture_output=True, text=True
    )


def test_the_study_is_one_command(checkout, folder):
    page = (checkout / "docs" / "evidence.md").read_text()
    line = re.search(r"^    (make study-open .*)$", page, re.MULTILINE)[1]
    assert make(folder, line).returncode == 0
    assert (folder / "noted").read_text().splitlines() == [
        "python cli.py use mine",
        "python cli.py preset study_open",
        "dvc repro",
    ]


def test_the_study_without_a_dataset_says_how_to_name_one(folder):
    done = make(folder, "make study-open")
    assert done.returncode != 0
    assert "make study-open DATASET=mine" in done.stdout
    assert not (folder / "noted").exists()


def test_nothing_is_trained_if_the_dataset_is_refused(folder):
    (folder / ".venv" / "bin" / "python").write_text(f"{NOTING}exit 66\n")
    assert make(folder, "make study-open DATASET=nowhere").returncode != 0
    assert (folder / "noted").read_text() == "python cli.py use nowhere\n"
