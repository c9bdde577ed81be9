"""docs/occlusion.md: its commands run as they stand, on a small store; its list is legal."""

import re
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from cli import main
from params import load
from store.reading import Store

SMALL = {
    "mae": {"epochs": 1, "patch_px": 2, "width": 16, "depth": 1, "heads": 2},
    "patches": {"epochs": 1},
    "methods": {"ofer": {"head": {"latents": "chosen", "latent_width": 16, "mlp": "attention"}}},
}


@pytest.fixture(scope="module")
def page(checkout):
    return (checkout / "docs" / "occlusion.md").read_text()


@pytest.fixture
def folder(tiny, tiny_run, make_store, checkout, tmp_path, monkeypatch):
    """A folder with small numbers, aligned faces, their landmarks and a run."""
    yaml = YAML()
    whole = yaml.load(checkout / "params.yaml")
    for section, values in SMALL.items():
        whole[section].update(values)
    whole["evaluate"]["hiding"]["per_class"] = 0
    whole["evaluate"]["bootstrap"] = 0
    whole["mae"].update(decoder_width=16, decoder_depth=1, decoder_heads=2)
    yaml.dump(whole, tmp_path / "params.yaml")
    store, points = Store(tiny.faces), Store(tiny.landmarks).array("points").load() / 64
    arrays = {name: store.array(name).load() for name in ("image", "valid")}
    table = [{**row, "backend": "given", "detail": ""} for row in store.rows()]
    made = {**arrays, "points": points.astype(np.float32)}
    make_store(tmp_path / "data/faces/demo", made, store.metadata, table, 16)
    (tmp_path / "data/landmarks").mkdir()
    shutil.copytree(tiny.landmarks, tmp_path / "data/landmarks/demo")
    (tmp_path / "runs/demo/cam/plain").mkdir(parents=True)
    shutil.copytree(tiny_run, tmp_path / "runs/demo/cam/plain/seed0")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_commands_run_in_their_order(page, folder):
    commands = re.findall(r"^    python cli\.py (.+)$", page, re.MULTILINE)
    assert [line.split()[0] for line in commands] == [
        *("occlude", "view", "evaluate", "report", "mae", "patches", "restore"),
    ]
    for line in commands:
        workers = ["--workers", "0"] if line.startswith("occlude") else []
        done = CliRunner().invoke(main, [*line.split(), *workers], catch_exceptions=False)
        assert done.exit_code == 0, (line, done.output)
    assert Store(folder / "data/heatmaps/demo/restored").array("latents").shape[1:] == (2, 196, 16)
    assert (folder / "sheets" / "sheet-001.png").is_file()


def test_the_list_is_legal(page, checkout, tmp_path):
    (block,) = re.findall(r"^    matrix:\n(?:      .+\n)+", page, re.MULTILINE)
    yaml = YAML()
    whole = yaml.load(checkout / "params.yaml")
    whole["matrix"].update(yaml.load(block)["matrix"])
    yaml.dump(whole, tmp_path / "params.yaml")
    assert load(tmp_path / "params.yaml").matrix.restored == ("demo",)


def test_keys_that_are_named_are_those_of_the_parameters(page, checkout):
    whole = YAML(typ="safe").load(checkout / "params.yaml")
    for key in re.findall(r"`((?:evaluate|survey|patches|restore|mae|matrix)\.[\w.]+)`", page):
        found = whole
        for part in key.split("."):
            found = found[part]
