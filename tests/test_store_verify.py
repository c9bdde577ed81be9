"""Stores that cannot lie: what is not as it was written is found and named."""

import errno
import json
import os

import numpy as np
import pytest

from contracts.files import MANIFEST
from errors import CorruptError, NoInputError
from store import verify as module
from store.building import building, read_manifest
from store.verify import FileProblem, find_problems, verify

ROWS = 10
MAPS = np.arange(ROWS * 12, dtype=np.uint8).reshape(ROWS, 3, 4)
ARRAYS = {"map": MAPS, "valid": np.ones(ROWS, np.uint8)}
OTHER = {"map": MAPS[::-1].copy(), "valid": np.zeros(ROWS, np.uint8)}


@pytest.fixture
def store(tmp_path, make_store):
    return make_store(tmp_path / "maps", ARRAYS)


@pytest.fixture
def other(tmp_path, make_store):
    return make_store(tmp_path / "elsewhere" / "maps", OTHER)


def shard(store, number, name="map"):
    return store / "data.zarr" / name / f"c.{number}{'.0.0' if name == 'map' else ''}"


def overwrite(file, payload):
    file.chmod(0o644)
    file.write_bytes(payload)


def flip(file, place, bit=0):
    payload = bytearray(file.read_bytes())
    payload[place] ^= 1 << bit
    overwrite(file, payload)


def found(store, deep=True):
    return {fault.file: fault for fault in find_problems(store, deep)}


def files(store):
    return sorted(file for file in store.rglob("*") if file.is_file())


def test_an_untouched_store_has_no_fault(store):
    assert list(find_problems(store)) == []
    assert list(find_problems(store, deep=True)) == []


def test_outputs_without_arrays_are_verified_too(tmp_path):
    with building(tmp_path / "run", {"stage": "train"}, {}) as folder:
        (folder / "best.ckpt").write_bytes(b"weights")
    assert found(tmp_path / "run") == {}
    flip(tmp_path / "run" / "best.ckpt", 3)
    assert found(tmp_path / "run") == {"best.ckpt": FileProblem("best.ckpt", "was changed")}


def test_each_of_200_flipped_bits_is_found_in_the_right_file(store):
    rng = np.random.default_rng(0)
    pool = files(store)
    for choice in rng.permuted(np.arange(200) % len(pool)):
        file = pool[choice]
        before = file.read_bytes()
        flip(file, rng.integers(len(before)), rng.integers(8))
        assert set(found(store)) == {file.relative_to(store).as_posix()}
        overwrite(file, before)
    assert found(store) == {}


def test_a_flipped_bit_names_its_row_alone(store):
    flip(shard(store, 1), 2 * 16 + 5)
    fault = found(store)["data.zarr/map/c.1.0.0"]
    assert (fault.rows, fault.shard) == ((6,), 1)
    assert str(fault) == "data.zarr/map/c.1.0.0: is damaged (checksum); row 6"


def test_the_fast_look_does_not_read_what_is_in_the_files(store):
    flip(shard(store, 1), 0)
    assert found(store, deep=False) == {}


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("size", [0, 1, 50])
def test_a_truncated_shard_is_found(store, size, deep):
    overwrite(shard(store, 2), shard(store, 2).read_bytes()[:size])
    fault = found(store, deep)["data.zarr/map/c.2.0.0"]
    assert fault.what.startswith(f"has {size} bytes")
    assert fault.rows == (8, 9)


@pytest.mark.parametrize("deep", [False, True])
def test_a_missing_file_is_found_whatever_it_is(store, deep):
    for file in files(store):
        file.rename(store.parent / "away")
        if file.name != MANIFEST:
            assert [fault.what for fault in find_problems(store, deep)] == ["is missing"]
        (store.parent / "away").rename(file)


def test_without_a_manifest_there_is_no_output(store):
    (store / MANIFEST).unlink()
    with pytest.raises(NoInputError, match="not finished"):
        list(find_problems(store))


@pytest.mark.parametrize("name", ["mine.txt", "data.zarr/map/c.3.0.0", "commit/000003.json"])
def test_a_foreign_file_is_found(store, name):
    (store / name).write_text("mine")
    assert found(store, deep=False)[name].foreign


def test_two_swapped_shards_are_both_found(store):
    shard(store, 0).rename(store.parent / "away")
    shard(store, 1).rename(shard(store, 0))
    (store.parent / "away").rename(shard(store, 1))
    bad = found(store)
    assert bad["data.zarr/map/c.0.0.0"].what == "holds what data.zarr/map/c.1.0.0 should"
    assert bad["data.zarr/map/c.1.0.0"].rows == (4, 5, 6, 7)
    assert len(bad) == 2


def test_a_sound_shard_of_another_or_older_store_is_found(store, other):
    overwrite(shard(store, 1), shard(other, 1).read_bytes())
    assert found(store)["data.zarr/map/c.1.0.0"].rows == (4, 5, 6, 7)


def test_a_foreign_shard_with_its_own_commit_record_is_found(store, other):
    overwrite(shard(store, 1), shard(other, 1).read_bytes())
    record = "commit/000001.json"
    overwrite(store / record, (other / record).read_bytes())
    assert set(found(store)) == {"data.zarr/map/c.1.0.0", record}


@pytest.mark.parametrize(
    "name",
    ["data.zarr/zarr.json", "data.zarr/map/zarr.json", "status.csv", "fingerprint.json"],
)
def test_a_changed_description_is_found(store, name):
    overwrite(store / name, (store / name).read_bytes().replace(b"s", b"z"))
    assert found(store)[name].what == "was changed"


def test_the_manifest_of_another_store_does_not_fit(store, other):
    overwrite(store / MANIFEST, (other / MANIFEST).read_bytes())
    assert "data.zarr/map/c.0.0.0" in found(store)


def test_a_manifest_in_other_white_space_is_found(store):
    sealed = json.loads((store / MANIFEST).read_bytes())
    overwrite(store / MANIFEST, json.dumps(sealed).encode())
    assert set(found(store)) == {MANIFEST}


def test_a_folder_in_place_of_a_shard_is_found(store):
    shard(store, 0).unlink()
    shard(store, 0).mkdir()
    assert found(store, deep=False)["data.zarr/map/c.0.0.0"].what == "is not a file"


def test_what_a_failing_disk_refuses_is_named_and_the_rest_is_still_verified(store, monkeypatch):
    def refused(file):
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(file))

    monkeypatch.setattr(module, "file_digest", refused)
    flip(shard(store, 0), 0)
    bad = found(store)
    assert bad["status.csv"].what == "cannot be read (Input/output error)"
    assert bad["data.zarr/map/c.0.0.0"].rows == (0,)


def test_the_report_counts_files_and_bytes(store):
    (line,) = verify([store], deep=True)
    manifest = read_manifest(store)["files"]
    total = sum(record["bytes"] for record in manifest.values())
    assert f"ok: {len(manifest)} files, {total:,} bytes" in line
    assert "MB/s" in line


def test_the_report_goes_through_all_stores_before_it_fails(store, other):
    flip(shard(store, 0), 0)
    lines = verify([store, other], deep=True)
    assert next(lines) == f"{store}/data.zarr/map/c.0.0.0: is damaged (checksum); row 0"
    assert next(lines).startswith(f"{other}: ok")
    with pytest.raises(CorruptError, match="1 file is not what was written"):
        next(lines)
