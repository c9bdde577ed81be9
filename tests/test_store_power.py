"""Stores that cannot lie: when the power goes, what was not synced is lost, and nothing else.

SIGKILL leaves the system's cache alone, so it cannot show a missing fsync. Here the order of the
calls is looked at, and every state of the disk that it allows is played.
"""

import random
from pathlib import Path

import pytest

from contracts.files import MANIFEST
from store.building import read_manifest
from tests.crashing import FULL, LOG, SEED, build, healed, honest, rebuild, recorded, trials
from tests.power import Disk, File, Folder

pytestmark = pytest.mark.slow
SHARDS = [
    *("c.0.0.0", "c.0.0.0.0", "c.0", "000000.json"),
    *("c.1.0.0", "c.1.0.0.0", "c.1", "000001.json"),
    *("c.2.0.0", "c.2.0.0.0", "c.2", "000002.json"),
]


@pytest.fixture(scope="module")
def gold(tmp_path_factory):
    """The digest that every build ends with."""
    out = tmp_path_factory.mktemp("gold") / "store"
    build(out)
    return read_manifest(out)["sha256"]


def renames(calls):
    return [place for place, call in enumerate(calls) if call[0] == "replace"]


def test_every_file_is_synced_before_it_gets_its_name(tmp_path):
    calls = recorded(tmp_path / "store")
    for place in renames(calls)[:-1]:
        assert calls[place - 1] == ("fsync", calls[place][1])


def test_every_name_is_synced_before_the_next_step(tmp_path):
    calls = recorded(tmp_path / "store")
    for place in renames(calls):
        folder = str(Path(calls[place][2]).parent)
        assert [call[:2] for call in calls[place + 1 : place + 3]] == [
            ("open", folder),
            ("fsync", folder),
        ]


def test_every_record_comes_after_its_shard_and_the_manifest_after_all(tmp_path):
    calls = recorded(tmp_path / "store")
    names = [Path(calls[place][2]).name for place in renames(calls)]
    assert [name for name in names if name[0] in "c0"] == SHARDS
    assert names[-len(SHARDS) - 3 :] == [*SHARDS, "status.csv", MANIFEST, "store"]


def test_every_new_folder_is_synced_before_a_record_speaks_of_it(tmp_path):
    out = tmp_path / "store"
    calls = recorded(out)
    first = next(place for place in renames(calls) if "/commit/" in calls[place][2])
    made = {call[1] for call in calls[:first] if call[0] == "mkdir"}
    inside = [path for path in made if Path(path).parent != tmp_path and path != str(tmp_path)]
    assert len(inside) == 5  # data.zarr, its three arrays, commit
    for path in inside:
        born = calls.index(next(call for call in calls if call[:2] == ("mkdir", path)))
        assert ("fsync", str(Path(path).parent)) in calls[born:first]


@pytest.mark.parametrize("work", [build, rebuild], ids=["new", "over an older one"])
def test_whatever_a_loss_of_power_leaves_is_refused_or_right(work, tmp_path, gold):
    top = tmp_path / "made"
    top.mkdir()
    before = recorded(top / "store") if work is rebuild else []
    calls = recorded(top / "store", work)
    disk, chance = Disk(top), random.Random(SEED)
    for call in before:
        disk.do(*call)
    states = 0
    for place, call in enumerate(calls):
        disk.do(*call)
        for trial in trials(2, 12):
            after = tmp_path / f"{place}-{trial}"
            disk.lose_power(chance, after)
            honest(after / "store", gold)
            if FULL or (place + trial) % 4 == 0:
                healed(after / "store", gold)
            states += 1
    LOG.info("seed %d: %d states of the disk", SEED, states)
    assert states > 150


def test_the_model_ends_with_what_is_on_the_disk(tmp_path):
    top = tmp_path / "made"
    top.mkdir()
    disk = Disk(top)
    for call in recorded(top / "store"):
        disk.do(*call)
    disk.lose_power(random.Random(SEED), tmp_path / "left")
    files = {path.relative_to(top): path.read_bytes() for path in top.rglob("*") if path.is_file()}
    left = tmp_path / "left"
    assert files == {
        path.relative_to(left): path.read_bytes() for path in left.rglob("*") if path.is_file()
    }


def test_the_model_may_lose_what_was_not_synced_and_keeps_what_was():
    chance = random.Random(SEED)
    file, folder = File(b"new", b"old"), Folder()
    assert {file.left(chance) for _ in range(100)} == {b"new", b"old", b"", b"n", b"ne", bytes(3)}
    folder.change(None, "sure", File(b"1", b"1"))
    folder.sync()
    folder.change("sure", "renamed", File(b"1", b"1"))
    left = [folder.left(chance, kept=0.5) for _ in range(100)]
    assert {tuple(names) for names in left} == {("sure",), ("renamed",)}
