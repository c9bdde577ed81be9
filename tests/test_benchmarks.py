import importlib
from pathlib import Path

import pytest

MODULES = sorted(file.stem for file in (Path(__file__).parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_a_benchmark_still_fits_what_it_measures(name):
    importlib.import_module(f"benchmarks.{name}")


def test_a_made_up_dataset_can_be_indexed(tmp_path):
    made_up = importlib.import_module("benchmarks.made_up")
    made_up.index_pictures(made_up.picture_folder(tmp_path / "raw", 30), tmp_path / "index")
    assert len((tmp_path / "index" / "samples.csv").read_text().splitlines()) == 31
