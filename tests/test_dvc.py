"""The graph itself, on a dataset small enough to run it through."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

SMALL = {
    "demo": {"train": 2, "val": 1, "test": 1, "size_px": 128},
    "align": {"size_px": 64},
    "heatmap": {"size_px": 16},
    "train": {"epochs": 1, "image_px": 32, "batch": 8},
}


def edited(folder, section, **values):
    yaml = YAML()
    whole = yaml.load(folder / "params.yaml")
    whole[section].update(values)
    yaml.dump(whole, folder / "params.yaml")


def dvc(folder, *arguments, **options):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "true"}
    return subprocess.run(
        ["dvc", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=options.get("check", True),
    )


@pytest.fixture(scope="module")
def clone(checkout, tmp_path_factory):
    """A copy of what git tracks, with its own cache and small numbers."""
    folder = tmp_path_factory.mktemp("clone")
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in tracked:
        if not name.startswith(("tests/", "docs/", "benchmarks/")) and (checkout / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(checkout / name, folder / name)
    (folder / "dvc.lock").unlink(missing_ok=True)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    for section, values in SMALL.items():
        edited(folder, section, **values)
    return folder


def manifest(folder, out):
    return (folder / out / "MANIFEST.json").read_text()


@pytest.mark.slow
@pytest.mark.face_tool
def test_the_whole_line_runs_and_a_second_time_does_nothing(clone):
    dvc(clone, "repro")
    assert (clone / "pages" / "index.html").stat().st_size > 10_000
    assert "up to date" in dvc(clone, "repro").stdout


@pytest.mark.slow
@pytest.mark.face_tool
def test_a_training_parameter_redoes_no_heatmap(clone):
    edited(clone, "train", lr=0.002)
    waiting = dvc(clone, "status").stdout
    assert "train@demo-cam-plain" in waiting
    assert "heatmap" not in waiting
    edited(clone, "train", lr=0.001)


@pytest.mark.slow
@pytest.mark.face_tool
def test_going_back_to_earlier_parameters_comes_from_the_cache(clone):
    before = manifest(clone, "data/heatmaps/demo/au")
    edited(clone, "heatmap", canvas_px=256)
    dvc(clone, "repro", "heatmap@demo-au")
    assert manifest(clone, "data/heatmaps/demo/au") != before
    edited(clone, "heatmap", canvas_px=224)
    said = dvc(clone, "repro", "heatmap@demo-au").stdout
    assert "is cached - skipping run" in said
    assert manifest(clone, "data/heatmaps/demo/au") == before


@pytest.mark.slow
@pytest.mark.face_tool
def test_a_killed_build_resumes_at_the_shards_that_are_missing(clone):
    from store.reading import Store
    from store.shards import Layout, pending

    whole = manifest(clone, "data/heatmaps/demo/au")
    out = clone / "data" / "heatmaps" / "demo" / "au"
    layout = Store(out).layout
    folder = _as_left_by_a_kill(out)
    assert pending(folder, layout) == []
    (folder / "commit" / "000000.json").unlink()
    kept = (folder / "data.zarr" / "map" / "c.0.0.0").stat().st_mtime_ns
    edited(clone, "heatmap", canvas_px=224)
    dvc(clone, "repro", "--force", "--no-run-cache", "heatmap@demo-au")
    assert manifest(clone, "data/heatmaps/demo/au") == whole
    assert (out / "data.zarr" / "map" / "c.0.0.0").stat().st_mtime_ns != kept
    assert isinstance(layout, Layout)


def _as_left_by_a_kill(out):
    import json

    from store.building import building_folder

    folder = building_folder(out, json.loads((out / "fingerprint.json").read_text()))
    shutil.copytree(out, folder)
    (folder / "MANIFEST.json").unlink()
    return folder
