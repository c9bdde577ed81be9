"""docs/recipes.md: its lists are legal, and DVC builds what they list; what stages do is played."""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from params.root import validate
from tests.checkouts import copied
from yaml_files import read_yaml

PLAYED = '''
"""Instead of cli.py: keeps the numbers that each output would be made with."""
import json, pathlib, shutil, sys

OPTIONS = ("--kind", "--repeat", "--dataset", "--split", "--metrics", "--curves", "--predictions")
stage, *words = sys.argv[1:]
given = {}
for option in OPTIONS:
    if option in words:
        at = words.index(option)
        given[option] = words[at + 1]
        del words[at:at + 2]
out = pathlib.Path(words[-1])
shutil.rmtree(out, ignore_errors=True)
out.mkdir(parents=True)
(out / "stage.txt").write_text(stage)
if stage == "plan":
    sys.path.insert(0, "CHECKOUT")
    from params import load
    for run in load(pathlib.Path("params.yaml")).runs_of(given["--dataset"]):
        file = out / run.method / f"{run.variant}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(run.params.model_dump_json())
if stage == "train":
    shutil.copy(words[3], out / "seen.json")
    curves = pathlib.Path(given["--curves"])
    curves.mkdir(parents=True)
    (curves / "loss.tsv").write_text("epoch\\tloss\\n0\\t1\\n")
if stage in ("evaluate", "transfer"):
    seen = pathlib.Path(words[0], "seen.json").read_text()
    metrics = pathlib.Path(given["--metrics"])
    metrics.parent.mkdir(parents=True, exist_ok=True)
    metrics.write_text(json.dumps({"accuracy": json.loads(seen)["lr"]}))
    predictions = pathlib.Path(given["--predictions"])
    predictions.parent.mkdir(parents=True, exist_ok=True)
    predictions.write_text("expression,predicted\\nFear,Surprise\\n")
with open("ran.txt", "a") as log:
    print(stage, out, file=log)
'''


def sections(checkout):
    """The page's sections, by heading."""
    page = (checkout / "docs" / "recipes.md").read_text()
    return dict(part.split("\n", 1) for part in page.split("\n## ")[1:])


def block(text):
    found = re.findall(r"(?:^(?:    .*)?\n)+", text + "\n", re.MULTILINE)
    (one,) = [textwrap.dedent(one).strip() for one in found if one.strip()]
    return one


def is_list(text):
    return block(text).startswith(("matrix:", "datasets:"))


def laid_over(whole, overlay):
    """Change params as a user would who copies a recipe; datasets that it names are there."""
    for key, value in overlay.items():
        if isinstance(value, dict) and key in ("matrix", "variants", "datasets"):
            whole[key].update(value)
    pairs = whole["matrix"]["transfers"]
    names = {*whole["matrix"]["datasets"], *(pair[end] for pair in pairs for end in pair)}
    for name in names - {"val", "test", "train", "all"}:
        whole["index"].setdefault(name, dict(whole["index"]["demo"]))
        whole["datasets"].setdefault(name, {key: {} for key in whole["datasets"]["demo"]})
    return whole


def read_block(text):
    return YAML(typ="safe", pure=True).load(block(text))


def test_every_list_is_legal(checkout):
    lists = [text for text in sections(checkout).values() if is_list(text)]
    assert len(lists) == 11
    for text in lists:
        whole = laid_over(read_yaml(checkout / "params.yaml"), read_block(text))
        validate(whole, Path("mine.yaml"))


def test_the_44_runs_are_44(checkout):
    matrix = read_block(sections(checkout)["The 44 runs"])["matrix"]
    datasets, methods, variants = (set(matrix[key]) for key in ("datasets", "methods", "variants"))
    assert len(datasets) * len(methods) * len(variants) == 44


def test_a_variant_of_a_list_has_its_own_number(checkout):
    text = sections(checkout)["How much alignment: lambda"]
    params = validate(laid_over(read_yaml(checkout / "params.yaml"), read_block(text)), Path("a"))
    weights = [
        one.params.alignment.weight for one in params.runs_of("demo") if one.params.alignment
    ]
    assert weights == [1, 2, 4, 8, 12, 20]


@pytest.fixture(scope="module")
def folder(checkout, tmp_path_factory):
    """A copy of the checkout whose stages are played, with everything built and committed."""
    made = copied(checkout, tmp_path_factory.mktemp("recipes"))
    (made / "cli.py").write_text(PLAYED.replace("CHECKOUT", str(checkout)))
    run(made, "dvc repro -q && git add -A && git commit -qm Start")
    return made


def run(folder, script):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    who = {
        f"GIT_{role}_{what}": "a@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    environment = {**os.environ, **who, "PATH": path, "DVC_NO_ANALYTICS": "true"}
    done = subprocess.run(
        ["bash", "-ec", script], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def changed(folder, change):
    """Change params.yaml with a function; return the stages that `dvc repro` then ran."""
    yaml = YAML()
    whole = yaml.load(folder / "params.yaml")
    change(whole)
    yaml.dump(whole, folder / "params.yaml")
    (folder / "ran.txt").unlink(missing_ok=True)
    run(folder, "dvc repro -q")
    log = folder / "ran.txt"
    return log.read_text().split("\n")[:-1] if log.exists() else []


def seen(folder, run):
    return json.loads((folder / "runs/demo/cam" / run / "seen.json").read_text())


@pytest.mark.slow
def test_a_new_variant_or_repeat_trains_only_itself(folder):
    def add(whole):
        whole["variants"]["l20"] = {"alignment": {"weight": 20}}
        whole["matrix"]["variants"] = ["plain", "aligned", "l20"]

    ran = changed(folder, add)
    assert [line for line in ran if line.startswith("train")] == ["train runs/demo/cam/l20/seed0"]
    assert seen(folder, "l20/seed0")["alignment"]["weight"] == 20
    assert seen(folder, "plain/seed0")["alignment"] is None

    ran = changed(folder, lambda whole: whole["matrix"].update(repeats=["seed0", "seed1"]))
    trained = {f"train runs/demo/cam/{name}/seed1" for name in ("plain", "aligned", "l20")}
    assert {line for line in ran if line.startswith("train")} == trained


@pytest.mark.slow
def test_a_new_number_of_the_alignment_or_a_new_kind_trains_no_plain_run(folder):
    ran = changed(folder, lambda whole: whole["train"]["alignment"].update(weight=3.0))
    trained = [line for line in ran if line.startswith("train")]
    assert trained
    assert not any("plain" in line or "l20" in line for line in trained)
    ran = changed(folder, lambda whole: whole["matrix"].update(kinds=["au", "generic_au"]))
    assert {line.split()[0] for line in ran} == {"heatmap", "plan"}


@pytest.mark.slow
def test_going_back_brings_the_committed_results(checkout, folder):
    run(folder, "git add -A && git commit -qm Study")
    weight = seen(folder, "aligned/seed0")["alignment"]["weight"]
    run(folder, "dvc exp run -q -S train.alignment.weight=7 evaluate@demo-cam-aligned-seed0")
    assert seen(folder, "aligned/seed0")["alignment"]["weight"] == 7
    script = block(sections(checkout)["Back to where it began"])
    run(folder, script.replace("python cli.py preset", f"python {checkout / 'cli.py'} preset"))
    assert seen(folder, "aligned/seed0")["alignment"]["weight"] == weight


@pytest.mark.slow
def test_experiments_are_shown_with_the_scores_of_every_run(checkout, folder):
    shown, compared, plotted = block(sections(checkout)["What became of them"]).splitlines()
    run(folder, block(sections(checkout)["One number, once"]))
    head = run(folder, f"{shown} --csv").splitlines()[0]
    found = json.loads(run(folder, f"{compared} --json"))
    for variant in ("plain", "aligned"):
        name = f"metrics/demo/cam/{variant}/seed0.json"
        assert "accuracy" in found[name]
        assert f"{name}:accuracy" in head
    run(folder, plotted)
    page = (folder / "plots" / "index.html").read_text()
    assert "predictions/demo/cam/plain/seed0.csv" in page
    assert "predictions/demo/cam/aligned/seed0.csv" in page
    assert "loss" in page
