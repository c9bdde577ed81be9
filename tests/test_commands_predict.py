"""The options of `predict`."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main

pytestmark = pytest.mark.slow


def test_it_writes_a_table_and_says_so(tiny_run, photo_folder):
    command = ["predict", str(tiny_run), "in", "--out", "p.csv", "--device", "cpu"]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0
    assert done.output.startswith("p.csv: 1 faces")
    assert Path("p.csv").is_file()
