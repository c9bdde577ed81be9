"""docs/examining.md: its commands run as they stand, and what it shows is legal."""

import re
import textwrap

import numpy as np
import pytest
from click.testing import CliRunner

from cli import main
from contracts.model_cards import ModelCard
from train.examination.function_model import find_function
from yaml_files import parse_yaml

SMALLER = {
    "  save_maps: false": "  save_maps: true",
    "bootstrap: 1000": "bootstrap: 0",
    "cells: 8 ": "cells: 3 ",
    "masks: 400": "masks: 20",
    "per_class: 8 ": "per_class: 1 ",
    "mapped_per_class: 20 ": "mapped_per_class: 1 ",
    "degraded_per_class: 20": "degraded_per_class: 1",
}
"""What makes an examination short: few faces, few masks."""


@pytest.fixture(scope="module")
def page(checkout):
    return (checkout / "docs" / "examining.md").read_text()


def blocks(page):
    return [textwrap.dedent(one) for one in re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)]


def block(page, beginning):
    return next(one for one in blocks(page) if one.startswith(beginning))


def said(page, beginning):
    words = block(page, beginning).strip().removeprefix("python cli.py ").split()
    found = CliRunner().invoke(main, words, catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


def test_every_command_is_one_that_is_run_here(page):
    commands = [one.split()[2] for one in blocks(page) if one.startswith("python cli.py")]
    assert commands == ["examine", "explain", "compare-maps"]


def test_the_card_is_a_card(page, tmp_path):
    card = ModelCard.model_validate(parse_yaml(block(page, "title: my"), tmp_path))
    assert card.unscored == ("contempt",)


def test_the_function_answers_faces(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "doc_mine.py").write_text(block(page, "import numpy"))
    function = find_function("doc_mine:brightest_mouth")
    assert function(np.full((2, 256, 256, 3), 255, np.uint8)).tolist() == [[0, 1], [0, 1]]


@pytest.mark.slow
def test_the_commands_run_as_they_stand(page, photo_folder, tiny, tiny_run, checkout):
    (photo_folder / "in" / "face.png").rename(photo_folder / "photo.jpg")
    for name, there in (
        ("runs/demo/cam/aligned/seed0", tiny_run),
        ("data/faces/demo", tiny.faces),
        ("data/landmarks/demo", tiny.landmarks),
    ):
        (photo_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (photo_folder / name).symlink_to(there)
    text = (checkout / "params.yaml").read_text()
    for old, new in SMALLER.items():
        assert old in text
        text = text.replace(old, new)
    (photo_folder / "params.yaml").write_text(text)
    assert "asked " in said(page, "python cli.py examine")
    (photo_folder / "mine.py").write_text(block(page, "import numpy"))
    assert "occlusion map" in said(page, "python cli.py explain")
    ids = [
        line.split(",")[0]
        for line in (photo_folder / "examined/run/predictions.csv").read_text().splitlines()[1:]
    ]
    gaze = np.random.default_rng(0).random((len(ids), 16, 16), np.float32)
    np.savez(photo_folder / "gaze.npz", id=np.array(ids), map=gaze)
    assert "NSS" in said(page, "python cli.py compare-maps")
