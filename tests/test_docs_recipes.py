"""docs/recipes.md: DVC runs its lines on the graph as it is; what the stages do is played."""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from params import load
from tests.checkouts import copied

PLAYED = '''
"""Instead of cli.py: keeps the numbers that each output would be made with."""
import json, pathlib, shutil, sys

words = [word for word in sys.argv[1:] if not word.startswith("--")]
valued = ("--kind", "--method", "--supervision", "--metrics")
options = sum(map(sys.argv.count, valued))
out = pathlib.Path(words[len(words) - 1 - options])
stage = sys.argv[1]
shutil.rmtree(out, ignore_errors=True)
curves = out / "curves" / "plots" / "metrics"
(curves if stage == "train" else out).mkdir(parents=True)
shutil.copy("params.yaml", out / "seen.yaml")
if stage == "train":
    (out / "curves" / "metrics.json").write_text(json.dumps({"step": 1}))
    (curves / "loss.tsv").write_text("step\\tloss\\n0\\t1\\n")
if stage == "evaluate":
    text = (out / "seen.yaml").read_text()
    metrics = pathlib.Path(sys.argv[sys.argv.index("--metrics") + 1])
    metrics.parent.mkdir(parents=True, exist_ok=True)
    metrics.write_text(json.dumps({"accuracy": len(text) / 1e5}))
    (out / "predictions.csv").write_text("expression,predicted\\nFear,Surprise\\n")
'''

pytestmark = pytest.mark.slow


def recipe(checkout, section):
    page = (checkout / "docs" / "recipes.md").read_text()
    (text,) = [part for part in page.split("\n## ") if part.startswith(section)]
    found = re.findall(r"(?:^(?:    .*)?\n)+", text, re.MULTILINE)
    (block,) = [textwrap.dedent(one).strip() for one in found if one.strip()]
    return block


@pytest.fixture(scope="module")
def folder(checkout, tmp_path_factory):
    """A copy of the checkout whose stages are played, with everything built and committed."""
    made = copied(checkout, tmp_path_factory.mktemp("recipes"))
    (made / "cli.py").write_text(PLAYED)
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


def trained_with(folder, result):
    """Return the training numbers with which a result was made; they are legal."""
    file = folder / "results/demo/cam" / result / "seen.yaml"
    return load(file).train


def fewer(script, values):
    """Shorten a loop: every turn takes seconds."""
    return re.sub(r"(?<= in ).*(?=; do)", values, script, count=1)


def test_a_sweep_of_lambda_keeps_a_result_for_every_value(checkout, folder):
    run(folder, fewer(recipe(checkout, "How much alignment"), "1 20"))
    assert trained_with(folder, "plain").alignment.weight == 9  # it was not touched
    found = [trained_with(folder, f"aligned-lambda{n}").alignment.weight for n in (1, 20)]
    assert found == [1, 20]


def test_a_sweep_of_layers_sets_lists(checkout, folder):
    script = recipe(checkout, "Which layers")
    assert "1 2 3 4 5 5,4 5,4,3 5,4,3,2 5,4,3,2,1; do" in script
    run(folder, fewer(script, "1 5,4"))
    assert trained_with(folder, "aligned-layers1").alignment.layers == (1,)
    assert trained_with(folder, "aligned-layers54").alignment.layers == (5, 4)


def test_seeds_train_plain_and_aligned(checkout, folder):
    run(folder, fewer(recipe(checkout, "Seeds"), "3"))
    assert trained_with(folder, "plain-seed3").seed == 3
    assert trained_with(folder, "aligned-seed3").seed == 3


def test_going_back_brings_the_committed_results(checkout, folder):
    run(folder, "dvc exp run -q -S train.alignment.weight=7 evaluate@demo-cam-aligned")
    assert trained_with(folder, "aligned").alignment.weight == 7
    script = recipe(checkout, "Back to where it began")
    run(folder, script.replace("python cli.py preset", f"python {checkout / 'cli.py'} preset"))
    assert trained_with(folder, "aligned").alignment.weight == 9
    assert trained_with(folder, "plain").seed == 0


def test_the_runs_of_all_methods_are_listed_and_built(checkout, folder):
    script = recipe(checkout, "The 44 runs")
    (listed,) = re.findall(r"matrix\.methods=\[(.*)\]", script)
    assert len(set(listed.split(","))) == 11
    known = yaml.safe_load((checkout / "params.yaml").read_text())["methods"]
    assert set(listed.split(",")) <= known.keys()
    run(folder, script.replace(listed, "cam,apvit"))
    for supervision in ("plain", "aligned"):
        assert (folder / "results/demo/apvit" / supervision / "seen.yaml").is_file()


def test_experiments_are_shown_with_their_scores(checkout, folder):
    shown, compared, plotted = recipe(checkout, "What became of them").splitlines()
    run(folder, "dvc exp run -q -n other -S train.alignment.weight=12345")
    assert "accuracy" in run(folder, f"{shown} --csv").splitlines()[0]
    found = json.loads(run(folder, f"{compared} --json"))
    for supervision in ("plain", "aligned"):
        assert "accuracy" in found[f"metrics/demo/cam/{supervision}.json"]
    run(folder, plotted)
    page = (folder / "plots" / "index.html").read_text()
    assert "predictions.csv" in page
    assert "loss" in page
