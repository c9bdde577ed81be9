"""Damaged shards are built again, aside, and put back only if they are the recorded ones."""

import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from contracts.files import MANIFEST
from errors import CorruptError, TryLaterError
from store.building import read_manifest
from store.files import file_digest
from store.locking import locked
from store.repair import repair
from store.verify import find_problems

ROWS = 10
MAPS = np.arange(ROWS * 12, dtype=np.uint8).reshape(ROWS, 3, 4)
ARRAYS = {"map": MAPS, "valid": np.ones(ROWS, np.uint8)}
OTHER = {"map": MAPS[::-1].copy(), "valid": np.zeros(ROWS, np.uint8)}

KILLED_REPAIR = """
import os, pathlib, sys
from store.repair import repair
from store.verify import find_problems
store = pathlib.Path(sys.argv[1])
repair(store, list(find_problems(store, deep=True)), lambda fresh: os.kill(os.getpid(), 9))
"""


@pytest.fixture
def store(tmp_path, make_store):
    return make_store(tmp_path / "maps", ARRAYS)


def shard(store, number, name="map"):
    return store / "data.zarr" / name / f"c.{number}{'.0.0' if name == 'map' else ''}"


def overwrite(file, payload):
    file.chmod(0o644)
    file.write_bytes(payload)


def flip(file, place):
    payload = bytearray(file.read_bytes())
    payload[place] ^= 1
    overwrite(file, payload)


def found(store):
    return {fault.file: fault for fault in find_problems(store, deep=True)}


def files(store):
    return sorted(file for file in store.rglob("*") if file.is_file())


@pytest.fixture
def again(make_store):
    """What builds the same store again, shard by shard, leaving those that are there."""

    def build(fresh, arrays=ARRAYS):
        return make_store(fresh, arrays)

    return build


def test_a_repaired_store_has_the_identical_bytes(store, again):
    before = {file: file_digest(file) for file in files(store)}
    flip(shard(store, 0), 3)
    shard(store, 1, "valid").unlink()
    overwrite(store / "commit" / "000002.json", b"{}")
    overwrite(store / "status.csv", b"")
    (store / "data.zarr" / "zarr.json").unlink()
    repair(store, list(find_problems(store, deep=True)), again)
    assert found(store) == {}
    assert {file: file_digest(file) for file in files(store)} == before
    assert list(store.parent.iterdir()) == [store]


def test_the_sound_shards_are_not_built_again(store, again):
    flip(shard(store, 1), 3)
    seeded = []

    def watched(fresh):
        seeded.extend(file.name for file in fresh.parent.glob(".building-*/commit/*"))
        again(fresh)

    repair(store, list(find_problems(store, deep=True)), watched)
    assert sorted(seeded) == ["000000.json", "000002.json"]


def test_a_store_that_comes_out_differently_is_left_alone(store, again):
    flip(shard(store, 1), 3)
    before = {file: file_digest(file) for file in files(store)}
    with pytest.raises(CorruptError, match=r"c\.1\.0\.0.* came out differently") as caught:
        repair(store, list(find_problems(store, deep=True)), lambda fresh: again(fresh, OTHER))
    assert caught.value.exit_code == 76
    assert {file: file_digest(file) for file in files(store)} == before


def test_what_is_sound_need_not_come_out_the_same(store, make_store):
    flip(shard(store, 1), 3)
    before = {file: file_digest(file) for file in files(store)} | {shard(store, 1): None}
    table = [{"id": str(row), "status": "ok", "later": ""} for row in range(ROWS)]
    bad = list(find_problems(store, deep=True))
    repair(store, bad, lambda fresh: make_store(fresh, ARRAYS, table=table))
    assert found(store) == {}
    after = {file: file_digest(file) for file in files(store)} | {shard(store, 1): None}
    assert after == before


def test_a_killed_repair_loses_nothing_and_is_done_by_the_next(store, again, checkout):
    flip(shard(store, 1), 3)
    before = {file: file_digest(file) for file in files(store)}
    killed = subprocess.run([sys.executable, "-c", KILLED_REPAIR, store], cwd=checkout, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert {file: file_digest(file) for file in files(store)} == before
    repair(store, list(find_problems(store, deep=True)), again)
    assert found(store) == {}
    assert list(store.parent.iterdir()) == [store]


def test_the_damage_of_a_linked_cache_is_not_spread(store, again):
    flip(shard(store, 0), 3)
    cached = store.parent / "cached"
    cached.hardlink_to(shard(store, 0))
    damaged = cached.read_bytes()
    repair(store, list(find_problems(store, deep=True)), again)
    assert cached.read_bytes() == damaged
    assert found(store) == {}


def test_a_foreign_file_is_moved_beside_the_store(store, again):
    (store / "mine.txt").write_text("mine")
    (moved,) = repair(store, list(find_problems(store, deep=True)), again)
    assert moved.read_text() == "mine"
    assert found(store) == {}


@pytest.mark.parametrize("name", [MANIFEST, "fingerprint.json"])
def test_a_store_that_does_not_say_what_it_is_cannot_be_repaired(store, again, name):
    overwrite(store / name, b"{}")
    with pytest.raises(CorruptError, match="dvc repro"):
        repair(store, list(find_problems(store, deep=True)), again)


def test_a_second_repair_is_told_of_the_first(store, again):
    flip(shard(store, 0), 3)
    aside = store.parent / f".building-repair-{read_manifest(store)['sha256'][:16]}"
    with locked(aside, store), pytest.raises(TryLaterError):
        repair(store, list(find_problems(store, deep=True)), again)
    shutil.rmtree(aside)
