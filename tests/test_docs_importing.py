"""docs/importing.md: its commands run as they stand, and what it says of params.yaml is legal."""

import os
import re
import shutil
import subprocess
import textwrap

import pytest
import torch
import torchvision
from click.testing import CliRunner

from cli import main
from params import load
from tests.published_folders import published_folder
from train.importing.params import ImportParams
from yaml_files import parse_yaml

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(checkout):
    return (checkout / "docs" / "importing.md").read_text()


@pytest.fixture
def folder(tmp_path, checkout, tiny, monkeypatch, page):
    """The working folder of the page: params.yaml as it says, faces, and what is imported."""
    text = (checkout / "params.yaml").read_text()
    text = text[: text.index("\nimport_run:")]
    mine = parse_yaml(block(page, "import_run:"), tmp_path)["import_run"]
    mine["train"]["image_px"] = 32
    section = {**load(checkout / "params.yaml").import_run.model_dump(), **mine}
    lines = "".join(f"  {key}: {yaml_of(value)}\n" for key, value in section.items())
    text = text.replace("bootstrap: 1000", "bootstrap: 0")
    (tmp_path / "params.yaml").write_text(f"{text}\nimport_run:\n{lines}")
    for name, there in (("faces", tiny.faces), ("landmarks", tiny.landmarks)):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "raf_db").symlink_to(there)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def yaml_of(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {yaml_of(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(str, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def block(page, beginning):
    blocks = [textwrap.dedent(one) for one in re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)]
    return next(one for one in blocks if one.startswith(beginning))


def said(line):
    words = line.removeprefix("python cli.py ").split()
    found = CliRunner().invoke(main, words, catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


def test_the_section_of_a_file_is_legal(page):
    section = parse_yaml(block(page, "import_run:"), "page")["import_run"]
    ImportParams(datasets={}, **section)


def test_published_folders_are_imported_scored_and_read_on_one_page(folder, page, checkout):
    shipped = load(checkout / "params.yaml")
    for aligned in (True, False):
        published_folder(
            folder / "shared-trained-models", shipped.train, "GradCAMpp", aligned=aligned
        )
    said(block(page, "python cli.py import-run shared"))
    loop = block(page, "for run in")
    asked = subprocess.run(
        ["bash", "-c", f'python() {{ echo "python $*"; }}\n{loop}'],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ},
    ).stdout.splitlines()
    assert len(asked) == 3
    for line in asked:
        said(line)
    written = (folder / "pages" / "index.html").read_text()
    assert "not trained by AULens" in written
    shutil.rmtree(folder / "shared-trained-models")


def test_a_classifier_of_ones_own_is_imported(folder, page):
    torch.save(torchvision.models.resnet18(num_classes=7).state_dict(), "fer.pth")
    assert "cam imported, resnet18, of mine" in said(block(page, "python cli.py import-run fer"))
