"""The tools on the command line: inspect, verify, repair, status, clean, export."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from cli import main
from store.building import building, read_manifest
from store.locking import locked
from store.outputs import write_progress
from store.reading import Store

ROOT = Path(__file__).parents[1]
MAPS = "data/heatmaps/mine/au"


@pytest.fixture(scope="module")
def built(tmp_path_factory, make_landmarks):
    """A folder with landmarks of 130 made-up faces, and their heatmaps in three shards."""
    folder = tmp_path_factory.mktemp("tools")
    make_landmarks(folder, 130)
    done = aulens(folder, "heatmap", "data/landmarks/mine", MAPS, "--kind", "au", "--workers", "0")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(built, tmp_path, monkeypatch):
    """A copy to damage; commands of this process run in it."""
    shutil.copytree(built, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


def aulens(folder, *arguments):
    command = [sys.executable, str(ROOT / "cli.py"), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def said(*arguments, **given):
    found = CliRunner().invoke(main, arguments, **given, catch_exceptions=False)
    assert found.exit_code == 0
    return found.output


def damage(file):
    file.chmod(0o644)
    payload = bytearray(file.read_bytes())
    payload[5000] ^= 4
    file.write_bytes(payload)


def half_built(out):
    with pytest.raises(ZeroDivisionError), building(out, {"stage": "blur"}, {}) as folder:
        interrupted(folder)
    return folder


def interrupted(folder):
    (folder / "first.txt").write_text("1")
    raise ZeroDivisionError


def test_inspect_says_what_a_store_holds(folder):
    found = said("inspect", MAPS)
    assert f"{MAPS}: finished" in found
    assert "arrays: 130 rows in 3 shards of 64" in found
    assert "uint8    (130, 64, 64), 532,480 bytes" in found
    assert read_manifest(Path("data/landmarks/mine"))["sha256"] in found
    assert "params.codebook   published" in found
    assert "ok  130" in found


def test_inspect_says_when_nothing_is_finished(folder):
    left = folder / MAPS
    (left / "MANIFEST.json").unlink()
    (left / "commit" / "000002.json").unlink()
    left.rename(left.with_name(".building-0123"))
    found = said("inspect", "data/heatmaps/mine/.building-0123")
    assert "NOT FINISHED, half-built, 2 of 3 shards" in found
    assert "the same command goes on with it" in found


def test_inspect_of_a_damaged_fingerprint_says_so(folder):
    (folder / MAPS / "fingerprint.json").chmod(0o644)
    (folder / MAPS / "fingerprint.json").write_text("[")
    assert aulens(folder, "inspect", MAPS).returncode == 76


def test_inspect_of_nothing_is_an_input_that_is_not_there(folder):
    found = aulens(folder, "inspect", "data/nothing")
    assert found.returncode == 66
    assert found.stderr.count("\n") == 1


def test_verify_is_content_with_what_was_written(folder):
    lines = said("verify", "--deep", MAPS, "data/landmarks/mine").splitlines()
    assert [line.split(": ")[1] for line in lines] == ["ok", "ok"]


def test_verify_names_what_is_bad_and_exits_with_76(folder):
    damage(folder / MAPS / "data.zarr" / "map" / "c.1.0.0")
    found = aulens(folder, "verify", "--deep", MAPS)
    assert found.returncode == 76
    assert found.stdout == f"{MAPS}/data.zarr/map/c.1.0.0: is damaged (checksum); row 65\n"
    assert found.stderr.startswith("error[CORRUPT]")


def test_repair_reaches_the_identical_store(folder):
    before = (folder / MAPS / "MANIFEST.json").read_bytes()
    damage(folder / MAPS / "data.zarr" / "map" / "c.1.0.0")
    (folder / MAPS / "commit" / "000002.json").unlink()
    found = aulens(folder, "repair", MAPS, "--workers", "0")
    assert found.returncode == 0, found.stderr
    assert found.stdout.endswith(f"{MAPS}: repaired, 2 files\n")
    assert (folder / MAPS / "MANIFEST.json").read_bytes() == before
    assert ": ok" in said("verify", "--deep", MAPS)
    assert [entry.name for entry in (folder / MAPS).parent.iterdir()] == ["au"]


def test_repair_needs_no_params_yaml(folder):
    damage(folder / MAPS / "data.zarr" / "map" / "c.0.0.0")
    (folder / "params.yaml").unlink()
    assert "repaired, 1 file" in said("repair", MAPS, "--workers", "0")


def test_repair_of_a_sound_store_does_nothing(folder):
    assert said("repair", MAPS) == f"{MAPS}: nothing to repair\n"


def test_repair_without_its_input_says_so(folder):
    damage(folder / MAPS / "data.zarr" / "map" / "c.0.0.0")
    shutil.rmtree(folder / "data" / "landmarks")
    found = aulens(folder, "repair", MAPS, "--workers", "0")
    assert found.returncode == 66
    assert "no output has digest" in found.stderr


def test_repair_with_other_tools_leaves_the_store_alone(folder, make_store):
    landmarks = read_manifest(Path("data/landmarks/mine"))["sha256"]
    made = {"stage": "heatmap", "version": 0, "kind": "au", "landmarks": landmarks}
    params = {"size_px": 64, "canvas_px": 224, "codebook": "published"}
    layout = Store(Path(MAPS)).layout.as_json()
    with building(folder / "data" / "old", {**made, "params": params}, {}, layout) as old:
        for part in ("data.zarr", "commit"):
            shutil.copytree(folder / MAPS / part, old / part)
    (folder / "data" / "old" / "data.zarr" / "map" / "c.0.0.0").unlink()
    found = aulens(folder, "repair", "data/old", "--workers", "0")
    assert found.returncode == 76
    assert "the inputs or tools differ now: made with other settings (version: 0 ->" in found.stderr
    assert not (folder / "data" / "old" / "data.zarr" / "map" / "c.0.0.0").exists()


def test_status_lists_what_is_done_and_what_is_half_built(folder):
    left = half_built(folder / "runs" / "mine" / "cam" / "plain")
    lines = said("status").splitlines()
    assert [line.split()[:3] for line in lines[1:3]] == [
        [MAPS, "heatmap", "130"],
        ["data/landmarks/mine", "mine", "130"],
    ]
    assert lines[1].endswith("done")
    assert lines[3].split()[0] == left.relative_to(folder).as_posix()
    assert lines[3].endswith("half-built")


def test_status_says_who_is_at_work(folder):
    with building(folder / "data" / "faces" / "mine", {"stage": "align"}, {}):
        assert f"process {os.getpid()} on" in said("status")


def test_status_says_how_far_an_interrupted_run_is(folder):
    run = folder / "runs" / ".building-0123456789abcdef"
    run.mkdir(parents=True)
    (run / "fingerprint.json").write_text('{"stage": "train"}')
    write_progress(run, 200, 500, 2.5)
    assert "half-built, step 200 of 500, 2.5/s, 0:02:00 left" in said("status")


def test_status_says_which_manifest_is_damaged(folder):
    (folder / MAPS / "MANIFEST.json").chmod(0o644)
    (folder / MAPS / "MANIFEST.json").write_text("{}")
    assert "damaged" in said("status")


def test_clean_asks_first(folder):
    left = half_built(folder / "data" / "faces" / "mine")
    assert "Remove them?" in said("clean", input="n\n")
    assert left.exists()


def test_clean_removes_what_nobody_holds_and_says_how_much(folder):
    left = half_built(folder / "data" / "faces" / "mine")
    (left / "large.bin").write_bytes(bytes(2_500_000))
    assert "2.5 MB freed" in said("clean", "--yes")
    assert not left.exists()
    assert said("clean", "--yes") == "Nothing to remove.\n"
    assert (folder / MAPS).exists()


def test_clean_leaves_a_locked_folder_alone(folder):
    left = half_built(folder / "data" / "faces" / "mine")
    with locked(left, folder / "data" / "faces" / "mine"):
        assert said("clean", "--yes") == "Nothing to remove.\n"
    assert (left / "first.txt").read_text() == "1"


def test_clean_leaves_alone_what_was_taken_up_while_it_asked(folder, monkeypatch):
    left = half_built(folder / "data" / "faces" / "mine")
    descriptor = os.open(left, os.O_RDONLY)

    def taken_up(question):
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return True

    monkeypatch.setattr("click.confirm", taken_up)
    assert "0.0 MB freed" in said("clean")
    os.close(descriptor)
    assert (left / "first.txt").read_text() == "1"


def test_export_writes_one_file_and_never_over_another(folder):
    assert aulens(folder, "export", MAPS, "au.h5").returncode == 0
    with h5py.File(folder / "au.h5") as file:
        assert np.array_equal(file["map"][:], Store(Path(MAPS)).array("map").load())
    found = aulens(folder, "export", MAPS, "au.h5")
    assert found.returncode == 73
    assert "is there already" in found.stderr


BUILDING = ".building-0123456789abcdef"


def test_status_survives_what_it_cannot_read(folder, monkeypatch):
    import store.outputs

    for name in ("locked", "piped", "odd", "nested"):
        (folder / "runs" / name).mkdir(parents=True)
    os.mkfifo(folder / "runs" / "piped" / "MANIFEST.json")
    (folder / "runs" / "odd" / "MANIFEST.json").mkdir()
    (folder / "runs" / "nested" / "MANIFEST.json").write_text("[" * 100_000)
    strange = folder / "runs" / BUILDING / "data.zarr" / "map"
    strange.mkdir(parents=True)
    (strange / "zarr.json").write_text('{"shape": "x"}')
    (folder / "runs" / ".building-0123456789abcdee").symlink_to("nowhere")
    scandir = os.scandir

    def guarded(path):
        if Path(path).name == "locked":  # root, who runs tests in a container, may read everything
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(store.outputs.os, "scandir", guarded)
    lines = said("status").splitlines()
    ends = {line.split()[0]: line for line in lines}
    assert ends["runs/locked"].endswith("cannot be read (no right to list it)")
    assert ends["runs/odd"].endswith("cannot be read (Is a directory)")
    assert ends["runs/nested"].endswith("damaged (see verify)")
    assert ends["runs/piped"].endswith("cannot be read (is no ordinary file)")
    assert "holds what AULens does not write" in ends[f"runs/{BUILDING}"]
    assert ends[MAPS].endswith("done")


def test_clean_removes_nothing_inside_a_dataset_of_the_user_or_behind_a_link(folder):
    theirs = folder / "elsewhere"
    kept = [theirs / BUILDING, folder / "data" / "raw" / "copied" / BUILDING]
    kept += [folder / "data" / "faces" / ".building-notes", theirs / "deep" / BUILDING]
    for place in kept:
        place.mkdir(parents=True)
        (place / "picture.png").write_bytes(b"1")
    (folder / "data" / "raw" / "linked").symlink_to(theirs)
    (folder / "data" / "raw" / ".building-0123456789abcde0").symlink_to(theirs)
    (folder / "runs").mkdir()
    (folder / "runs" / "linked").symlink_to(theirs)
    ours = [folder / "data" / "raw" / BUILDING, folder / "runs" / BUILDING]
    for place in ours:
        place.mkdir()
    printed = said("clean", "--yes")
    assert [place.exists() for place in kept] == [True] * len(kept)
    assert [place.exists() for place in ours] == [False] * len(ours)
    assert f"runs/linked/{BUILDING}: left alone, it lies behind a link" in printed


def test_a_root_that_is_a_link_itself_is_cleaned(folder):
    (folder / "disk" / BUILDING).mkdir(parents=True)
    (folder / "runs").symlink_to("disk")
    said("clean", "--yes")
    assert list((folder / "disk").iterdir()) == []
