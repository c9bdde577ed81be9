"""How an output is made: built aside, and renamed once its manifest is written."""

import json
import signal
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import CorruptError, NoInputError, OutputExistsError
from store.building import (
    MANIFEST,
    building,
    building_folder,
    differences,
    is_built,
    read_fingerprint,
    read_manifest,
    write_in_place,
)
from store.files import canonical_json, digest
from store.verify import find_problems

THREE = {"stage": "blur", "params": {"sigma": 3}}
FIVE = {"stage": "blur", "params": {"sigma": 5}}

KILLED_BUILD = """
import os, pathlib, sys
from store.building import building
with building(pathlib.Path(sys.argv[1]), {"stage": "blur", "params": {"sigma": 3}}, {}) as folder:
    (folder / "first.txt").write_text("1")
    os.kill(os.getpid(), 9)
"""


def build(out, fingerprint=THREE, text="1"):
    with building(out, fingerprint, {"dataset": "demo"}) as folder:
        (folder / "deep").mkdir(exist_ok=True)
        (folder / "deep" / "first.txt").write_text(text)
    return out


def interrupted(folder):
    (folder / "first.txt").write_text("1")
    raise ZeroDivisionError


def leave_half_built(out):
    with pytest.raises(ZeroDivisionError), building(out, THREE, {}) as folder:
        interrupted(folder)
    return folder


def test_a_finished_output_holds_its_files_fingerprint_and_manifest(tmp_path):
    out = build(tmp_path / "out")
    names = {file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file()}
    assert names == {"deep/first.txt", "fingerprint.json", "MANIFEST.json"}
    assert read_fingerprint(out) == THREE
    assert list(tmp_path.iterdir()) == [out]


def test_the_manifest_lists_every_file_with_size_and_digest(tmp_path):
    manifest = read_manifest(build(tmp_path / "out", text="abc"))
    assert manifest["files"]["deep/first.txt"] == {"bytes": 3, "sha256": digest(b"abc")}
    assert set(manifest["files"]) == {"deep/first.txt", "fingerprint.json"}
    assert manifest["metadata"] == {"dataset": "demo"}


def test_nothing_is_published_after_an_exception_and_the_folder_stays(tmp_path):
    folder = leave_half_built(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert folder == building_folder(tmp_path / "out", THREE)
    assert (folder / "first.txt").read_text() == "1"


def test_the_next_run_finds_what_an_interrupted_one_left(tmp_path):
    leave_half_built(tmp_path / "out")
    with building(tmp_path / "out", THREE, {}) as folder:
        assert (folder / "first.txt").read_text() == "1"
    assert (tmp_path / "out" / "first.txt").read_text() == "1"


def test_a_killed_build_frees_its_lock_and_is_resumed(tmp_path, checkout):
    out = tmp_path / "out"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_BUILD, out], cwd=checkout, check=False, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    with building(out, THREE, {}) as folder:
        assert (folder / "first.txt").read_text() == "1"
    assert is_built(out, THREE)


def test_another_fingerprint_builds_elsewhere(tmp_path):
    left = leave_half_built(tmp_path / "out")
    with building(tmp_path / "out", FIVE, {}) as folder:
        assert folder != left
        assert [file.name for file in folder.glob("*.txt")] == []
    assert left.exists()


def test_the_order_of_keys_makes_no_other_fingerprint(tmp_path):
    turned = dict(reversed(THREE.items()))
    assert building_folder(tmp_path / "out", turned) == building_folder(tmp_path / "out", THREE)


def test_nothing_there_is_not_built(tmp_path):
    assert not is_built(tmp_path / "out", THREE)


def test_an_equal_fingerprint_is_built(tmp_path):
    assert is_built(build(tmp_path / "out"), THREE)


def test_another_finished_output_is_refused_with_the_difference(tmp_path):
    out = build(tmp_path / "out")
    with pytest.raises(OutputExistsError, match=r"params\.sigma: 3 -> 5") as caught:
        is_built(out, FIVE)
    assert caught.value.exit_code == 73
    assert "--rebuild" in str(caught.value)
    assert (out / "deep" / "first.txt").read_text() == "1"


@pytest.mark.parametrize("name", ["mine.txt", "MANIFEST.json", "fingerprint.json"])
def test_a_foreign_folder_in_the_way_is_refused(tmp_path, name):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(OutputExistsError, match="in the way"):
        is_built(tmp_path / "out", THREE)
    assert (tmp_path / "out" / name).read_text() == "mine"


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputExistsError, match="in the way"):
        is_built(tmp_path / "out", THREE)


def test_a_rebuild_replaces_the_older_output_at_the_end(tmp_path):
    out = build(tmp_path / "out")
    with building(out, FIVE, {}) as folder:
        (folder / "second.txt").write_text("2")
        assert (out / "deep" / "first.txt").exists()
    assert not (out / "deep").exists()
    assert (out / "second.txt").read_text() == "2"


def test_differences_name_what_came_and_what_went():
    before, after = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 2, "d": 4}, "e": True}
    assert differences(before, after) == ["a: 1 -> null", "b.d: 3 -> 4", "e: null -> true"]
    assert differences(before, before) == []


def test_long_values_are_shortened_in_differences():
    assert differences({"a": "x" * 64}, {"a": 1}) == ['a: "' + "x" * 17 + "… -> 1"]


def test_the_metadata_of_an_older_manifest_is_read(tmp_path):
    out = build(tmp_path / "out")
    manifest = json.loads((out / MANIFEST).read_bytes())["manifest"]
    manifest["about"] = manifest.pop("metadata")
    older = {"sha256": digest(canonical_json(manifest)), "manifest": manifest}
    (out / MANIFEST).chmod(0o644)
    (out / MANIFEST).write_bytes(canonical_json(older))
    assert read_manifest(out)["metadata"] == {"dataset": "demo"}
    assert list(find_problems(out, deep=True)) == []


def test_no_manifest_means_no_reading(tmp_path):
    folder = leave_half_built(tmp_path / "out")
    with pytest.raises(NoInputError, match="not finished") as caught:
        read_manifest(folder)
    assert caught.value.exit_code == 66
    with pytest.raises(NoInputError, match="not there"):
        read_manifest(tmp_path / "nowhere")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return build(tmp_path_factory.mktemp("finished") / "out")


@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_bit_of_the_manifest_is_found(finished, tmp_path, place, bit):
    payload = bytearray((finished / MANIFEST).read_bytes())
    payload[place % len(payload)] ^= 1 << bit
    (tmp_path / MANIFEST).write_bytes(payload)
    with pytest.raises(CorruptError) as caught:
        read_manifest(tmp_path)
    assert caught.value.exit_code == 76


def test_a_manifest_of_another_schema_is_refused(finished, tmp_path):
    manifest = json.loads((finished / MANIFEST).read_bytes())["manifest"] | {"schema": 99}
    sealed = {"sha256": digest(canonical_json(manifest)), "manifest": manifest}
    (tmp_path / MANIFEST).write_bytes(canonical_json(sealed))
    with pytest.raises(CorruptError, match="schema 99, this version reads 1"):
        read_manifest(tmp_path)


def test_published_files_are_read_only(tmp_path):
    out = build(tmp_path / "out")
    modes = {file.stat().st_mode & 0o777 for file in out.rglob("*") if file.is_file()}
    assert modes == {0o444}
    assert (out / "deep").stat().st_mode & 0o200


def test_equal_inputs_give_an_equal_digest(tmp_path):
    here, there = build(tmp_path / "a"), build(tmp_path / "b")
    assert read_manifest(here)["sha256"] == read_manifest(there)["sha256"]
    assert (here / MANIFEST).read_bytes() == (there / MANIFEST).read_bytes()


def test_other_bytes_give_another_digest(tmp_path):
    here, there = build(tmp_path / "a"), build(tmp_path / "b", text="2")
    assert read_manifest(here)["sha256"] != read_manifest(there)["sha256"]


def test_an_interrupted_build_ends_with_the_digest_of_an_undisturbed_one(tmp_path):
    leave_half_built(tmp_path / "a" / "out")
    build(tmp_path / "a" / "out")
    (tmp_path / "a" / "out" / "first.txt").chmod(0o644)
    with building(tmp_path / "b" / "out", THREE, {"dataset": "demo"}) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "first.txt").write_text("1")
        (folder / "first.txt").write_text("1")
    digests = [read_manifest(tmp_path / run / "out")["sha256"] for run in "ab"]
    assert digests[0] == digests[1]


def test_litter_of_a_killed_write_is_not_published(tmp_path):
    folder = leave_half_built(tmp_path / "out")
    (folder / ".first.txt.0123.partial").write_text("half")
    with building(tmp_path / "out", THREE, {}):
        pass
    assert list((tmp_path / "out").rglob("*.partial")) == []
    assert set(read_manifest(tmp_path / "out")["files"]) == {"first.txt", "fingerprint.json"}


def test_a_build_killed_between_manifest_and_rename_is_published_by_the_next_run(tmp_path):
    out = build(tmp_path / "out")
    before = read_manifest(out)["sha256"]
    out.rename(building_folder(out, THREE))
    with building(out, THREE, {"dataset": "demo"}):
        pass
    assert read_manifest(out)["sha256"] == before


def test_an_output_written_in_place_replaces_its_own_files_and_no_other(tmp_path):
    write_in_place(tmp_path, THREE, {"deep/a.txt": b"1", "b.txt": b"2"}, {})
    (tmp_path / "mine.txt").write_text("mine")
    write_in_place(tmp_path, THREE, {"b.txt": b"3"}, {})
    assert {path.name for path in tmp_path.rglob("*.*")} == {
        *("b.txt", "mine.txt"),
        *("MANIFEST.json", "fingerprint.json"),
    }
    assert (tmp_path / "b.txt").read_text() == "3"
    assert set(read_manifest(tmp_path)["files"]) == {"b.txt", "fingerprint.json"}
