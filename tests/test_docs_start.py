"""docs/getting_started.md and docs/scores.md: commands run as they stand, names are the scores'."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from benchmarks.made_results import optional_scores, some_scores
from params import load
from params.root import validate
from tests.miniatures import affectnet_npy, open_expressions, raf_db
from yaml_files import read_yaml


def blocks(checkout, page, section=""):
    """The indented blocks of a page, or of one section of it."""
    text = (checkout / "docs" / page).read_text()
    if section:
        (text,) = [part for part in text.split("\n## ") if part.startswith(section)]
    found = re.findall(r"(?:^(?:    .*)?\n)+", text, re.MULTILINE)
    return [textwrap.dedent(block).strip() + "\n" for block in found if block.strip()]


@pytest.mark.parametrize(
    ("section", "name", "make", "reader"),
    [
        ("RAF-DB", "raf", raf_db, "raf_db"),
        ("AffectNet", "affectnet", affectnet_npy, "affectnet_npy"),
    ],
)
def test_the_commands_make_the_dataset_as_received_the_one_that_is_built(
    checkout, tmp_path, section, name, make, reader
):
    commands = blocks(checkout, "getting_started.md", section)[0]
    *before, last = commands.splitlines()
    assert last == "dvc repro"
    received = re.search(r"ln -s (\S+)", commands)[1]
    make(tmp_path / "received")
    script = "\n".join(before).replace(received, str(tmp_path / "received"))
    script = script.replace("python cli.py", f"{sys.executable} {checkout / 'cli.py'}")
    shutil.copy(checkout / "params.yaml", tmp_path)
    subprocess.run(["bash", "-ec", script], cwd=tmp_path, check=True, capture_output=True)
    build_content = yaml.safe_load((tmp_path / "params.yaml").read_text())
    assert build_content["matrix"]["datasets"] == [name]
    assert len(build_content["matrix"]["methods"]) == 10
    assert load(tmp_path / "params.yaml").dataset(name).reader == reader
    params = load(tmp_path / "params.yaml")
    assert params.train_of(name, "cam").image_px == 224
    assert params.train == load(checkout / "params.yaml").train


def test_two_datasets_go_into_one_study(checkout, tmp_path):
    raf_db(tmp_path / "data/raw/raf")
    affectnet_npy(tmp_path / "data/raw/affectnet")
    shutil.copy(checkout / "params.yaml", tmp_path)
    (block,) = blocks(checkout, "getting_started.md", "Both in one study")
    script = block.replace("python cli.py", f"{sys.executable} {checkout / 'cli.py'}")
    subprocess.run(["bash", "-ec", script], cwd=tmp_path, check=True, capture_output=True)
    file = tmp_path / "params.yaml"
    text = file.read_text()
    file.write_text(text.replace("\n  datasets: [affectnet]", "\n  datasets: [raf, affectnet]"))
    params = load(file)
    assert params.matrix.datasets == ("raf", "affectnet")
    assert params.train_of("raf", "cam").epochs == 100
    assert params.train_of("affectnet", "cam").epochs == 20


def test_the_three_commands_for_real_faces_choose_the_set_and_its_numbers(checkout, tmp_path):
    fetch, choose, last = blocks(checkout, "getting_started.md", "Real faces")[0].splitlines()
    assert fetch.startswith("git clone")
    assert last == "dvc repro"
    open_expressions(tmp_path / fetch.split()[-1])
    script = choose.replace("python cli.py", f"{sys.executable} {checkout / 'cli.py'}")
    shutil.copy(checkout / "params.yaml", tmp_path)
    subprocess.run(["bash", "-ec", script], cwd=tmp_path, check=True, capture_output=True)
    params = load(tmp_path / "params.yaml")
    assert params.dataset("faces").reader == "open_expressions"
    (plain, aligned) = params.runs_of("faces")
    assert (plain.params.backbone, aligned.params.weights) == ("dlib21", "face")


def test_the_numbers_of_going_on_from_a_run_are_legal(checkout):
    (code,) = [one for one in blocks(checkout, "methods.md", "Going on") if "weights" in one]
    whole = read_yaml(checkout / "params.yaml")
    stated = yaml.safe_load(code)["train"]
    tuned = validate({**whole, "train": {**whole["train"], **stated}}, checkout / "params.yaml")
    assert tuned.train.fine_tuning.frozen_levels == 3


@pytest.mark.slow
def test_the_trial_changes_what_it_says(checkout, tmp_path):
    """DVC itself reads the changes; the stages are replaced by one that does nothing."""
    (trial,) = [one for one in blocks(checkout, "getting_started.md") if "exp run" in one]
    shutil.copy(checkout / "params.yaml", tmp_path)
    (tmp_path / "dvc.yaml").write_text(
        "stages:\n  copy:\n    cmd: cp params.yaml seen.yaml\n    params: [matrix, datasets]\n"
        "    outs: [seen.yaml]\n"
    )
    (tmp_path / ".gitignore").write_text("seen.yaml\n")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    author = {
        f"GIT_{who}_{what}": "a@example.org"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    setting = {
        "cwd": tmp_path,
        "env": {**os.environ, **author, "PATH": path, "DVC_NO_ANALYTICS": "true"},
        "check": True,
        "capture_output": True,
    }
    trial = trial.replace("datasets.raf.", "datasets.demo.")
    trial = trial.replace("python cli.py", f"{sys.executable} {checkout / 'cli.py'}")
    for command in (
        *("git init -q", "dvc init -q", "git add -A", "git commit -qm Start"),
        f"{sys.executable} {checkout / 'cli.py'} preset raf_db_published --dataset demo",
        trial,
    ):
        subprocess.run(["bash", "-ec", command], **setting)
    assert load(tmp_path / "params.yaml").train_of("demo", "cam").epochs == 100
    seen = yaml.safe_load((tmp_path / "seen.yaml").read_text())
    assert seen["matrix"]["methods"] == ["cam"]
    train = seen["datasets"]["demo"]["train"]
    assert (train["epochs"], train["weights"]) == (1, "none")


SCORED = {"overall": 0.5, "selectivity": {"overall": 0.1}}
SCORES = {
    "accuracy": 0.4,
    "chance_level": {"majority": {"share": 0.3}},
    "protocol": "holdout",
    "att_cos": {"9": {}, "10": SCORED},
    "baselines": {"all_aus": {"overall": 0.7}},
}


def test_the_notebook_reads_the_deepest_layer(checkout, tmp_path):
    (code,) = [one for one in blocks(checkout, "scores.md") if "import json" in one]
    file = tmp_path / "results/demo/cam/aligned/seed0/scores.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(SCORES))
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert said.stdout.splitlines() == ["0.4 0.3 holdout", "0.5 0.7 0.1"]


def test_every_score_that_the_page_explains_is_one(checkout):
    page = (checkout / "docs" / "scores.md").read_text()
    files = ("scores", "examinations", "soft_scores", "valence_arousal")
    known = "".join((checkout / f"contracts/{name}.py").read_text() for name in files)
    known += (checkout / "params.yaml").read_text()
    names = {
        part
        for name in re.findall(r"`([a-z_.]+)`", page)
        for part in name.split(".")
        if not name.endswith((".json", ".csv"))
    }
    assert {"selectivity", "n_valid", "majority", "hiding"} <= names
    assert {name for name in names if not re.search(rf"\b{name}\b", known)} == set()


def test_every_score_is_one_that_the_page_explains(checkout):
    page = (checkout / "docs" / "scores.md").read_text()
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([a-z_.: 1]+)`", page))))
    card = {"method", "variant", "repeat", "backbone", "train", "notice"}
    scores = {**some_scores("demo", "cam", "plain"), **optional_scores()}
    inner = {part for name in ("chance_level", "baselines") for part in scores[name]}
    assert (scores.keys() | inner) - card - named == set()


def test_pages_name_only_pages_that_are_there(checkout):
    for page in (*(checkout / "docs").glob("*.md"), *checkout.glob("*.md")):
        for target in re.findall(r"\]\(([\w/.]+)\)", page.read_text()):
            assert (page.parent / target).is_file(), f"{page.name} names {target}"
