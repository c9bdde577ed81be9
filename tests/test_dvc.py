"""The graph itself, run through with the preset that is for this: smoke."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.checkouts import copied

KINDS = {
    "au": {"codebook": "published"},
    "generic_au": {},
    "per_class_au": {},
    "single_au": {"au": 12},
}


def edited(folder, section, **values):
    yaml = YAML()
    whole = yaml.load(folder / "params.yaml")
    whole[section].update(values)
    yaml.dump(whole, folder / "params.yaml")


def dvc(folder, *arguments):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "true"}
    done = subprocess.run(
        ["dvc", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def clone(checkout, tmp_path_factory):
    """A copy to run the whole line in, with two kinds of heatmaps."""
    folder = copied(checkout, tmp_path_factory.mktemp("clone"))
    edited(folder, "matrix", kinds=["au", "landmarks"])
    return folder


def manifest(folder, out):
    return (folder / out / "MANIFEST.json").read_text()


@pytest.mark.slow
@pytest.mark.face_tool
def test_the_whole_line_of_the_smoke_preset_runs_and_a_second_time_does_nothing(clone):
    dvc(clone, "repro")
    assert (clone / "pages" / "index.html").stat().st_size > 10_000
    assert "up to date" in dvc(clone, "repro").stdout


@pytest.mark.slow
@pytest.mark.face_tool
def test_a_training_parameter_redoes_no_heatmap(clone):
    edited(clone, "train", lr=0.002)
    waiting = dvc(clone, "status").stdout
    assert "plan@demo:" in waiting
    assert "heatmap@" not in waiting
    edited(clone, "train", lr=0.001)


@pytest.mark.slow
@pytest.mark.face_tool
def test_going_back_to_an_earlier_variance_comes_from_the_cache(clone):
    out = "data/heatmaps/demo/landmarks"
    before = manifest(clone, out)
    with_variance(clone, 32.0)
    dvc(clone, "repro", "heatmap@demo-landmarks")
    assert manifest(clone, out) != before
    with_variance(clone, 64.0)
    said = dvc(clone, "repro", "heatmap@demo-landmarks").stdout
    assert "is cached - skipping run" in said
    assert manifest(clone, out) == before


@pytest.mark.slow
def test_a_pair_of_datasets_is_a_transfer_and_no_pair_is_none(clone):
    assert "transfer@" not in dvc(clone, "stage", "list", "--name-only").stdout
    params = (clone / "params.yaml").read_text()
    edited(clone, "matrix", transfers=[{"train": "demo", "test": "mine", "split": "all"}])
    stages = dvc(clone, "stage", "list").stdout
    (clone / "params.yaml").write_text(params)
    assert "results/demo-on-mine/cam/aligned/seed0" in stages


def with_variance(folder, variance_px2):
    edited(
        folder,
        "heatmap",
        options={**KINDS, "landmarks": {"variance_px2": variance_px2, "jaw": False}},
    )


@pytest.mark.slow
@pytest.mark.face_tool
def test_adding_a_kind_computes_only_that_kind(clone):
    edited(clone, "matrix", kinds=["au", "landmarks", "generic_au"])
    waiting = YAML(typ="safe").load(dvc(clone, "status", "--json").stdout)
    assert {
        name
        for name in waiting
        if name.startswith(("demo", "index", "align", "landmark", "heatmap"))
    } == {"heatmap@demo-generic_au"}
    edited(clone, "matrix", kinds=["au", "landmarks"])


@pytest.mark.slow
@pytest.mark.face_tool
def test_a_run_depends_on_its_plan_and_on_no_heatmaps(clone):
    stages = YAML(typ="safe").load(clone / "dvc.lock")["stages"]
    for name in ("plain", "aligned"):
        used = [one["path"] for one in stages[f"train@demo-cam-{name}-seed0"]["deps"]]
        plan = f"plans/demo/cam/{name}.yaml"
        assert sorted(used) == ["data/faces/demo", "data/landmarks/demo", plan]


@pytest.mark.slow
@pytest.mark.face_tool
def test_a_killed_build_goes_on_where_it_stopped(clone):
    out = clone / "data" / "landmarks" / "demo"
    undisturbed = manifest(clone, "data/landmarks/demo")
    shutil.rmtree(out)
    record = killed_after_its_first_shard(clone, out)
    committed_at = record.stat().st_mtime_ns
    assert not out.exists()
    dvc(clone, "repro", "--force", "--single-item", "landmark@demo")
    assert (out / "commit" / record.name).stat().st_mtime_ns == committed_at
    assert manifest(clone, "data/landmarks/demo") == undisturbed


def killed_after_its_first_shard(folder, out):
    """Start the landmark stage, kill it at its first commit record, and return that.

    Everything it started is killed with it.
    """
    command = [
        sys.executable,
        "cli.py",
        "landmark",
        "data/faces/demo",
        "data/landmarks/demo",
        "--workers",
        "1",
    ]
    build = subprocess.Popen(command, cwd=folder, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        while not (records := sorted(out.parent.glob(".building-*/commit/*.json"))):
            time.sleep(0.005)
            assert build.poll() is None
    finally:
        os.killpg(build.pid, signal.SIGKILL)
        build.wait()
    return records[0]


@pytest.mark.slow
def test_an_experiment_changes_a_number_and_its_curves_are_read(checkout, tiny, tmp_path):
    copied(checkout, tmp_path)
    inputs = {
        "data/raw/demo": tiny.faces,
        "data/index/demo": tiny.faces,
        "data/faces/demo": tiny.faces,
        "data/landmarks/demo": tiny.landmarks,
        "data/heatmaps/demo/au": tiny.heatmaps,
    }
    for place, store in inputs.items():
        shutil.copytree(store, tmp_path / place)
    dvc(tmp_path, "commit", "-f", "align@demo", "landmark@demo", "heatmap@demo-au")
    stage = "train@demo-cam-plain-seed0"
    dvc(tmp_path, "repro", "--single-item", "plan@demo")
    dvc(tmp_path, "repro", "--single-item", stage)
    author = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    subprocess.run(["git", *author, "commit", "-qm", "One epoch"], cwd=tmp_path, check=True)
    dvc(
        tmp_path,
        "exp",
        "run",
        "-S",
        "datasets.demo.train.epochs=2",
        "--single-item",
        "plan@demo",
        stage,
    )
    curve = "curves/demo/cam/plain/seed0/train/cross_entropy.tsv"
    plotted = YAML(typ="safe").load(dvc(tmp_path, "plots", "diff", "--json").stdout)
    values = plotted["data"][curve][0]["content"]["data"]["values"]
    assert Counter(value["rev"] for value in values) == {"workspace": 2, "HEAD": 1}
    assert (
        "datasets.demo.train.epochs" in dvc(tmp_path, "exp", "show", "--csv").stdout.splitlines()[0]
    )
