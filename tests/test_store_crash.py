"""Stores that cannot lie: whatever ends a build, and whenever, the next run heals it.

A few of each kind here; hundreds with AULENS_TORTURE=full, which `make torture` sets. A child that
is to be killed is forked from a server that has imported everything already.
"""

import random
import tempfile
import time
from pathlib import Path

import pytest

from errors import OutputExistsError
from store.building import read_manifest
from store.reading import Store
from store.verify import find_problems
from tests.crashing import (
    BEFORE,
    DEADLY,
    FORK,
    FULL,
    KILL,
    LOG,
    SEED,
    build,
    build_in_child,
    healed,
    honest,
    mend,
    rebuild,
    recorded,
    strikes,
    trials,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gold(tmp_path_factory):
    """The digest that every build ends with."""
    out = tmp_path_factory.mktemp("gold") / "store"
    build(out)
    return read_manifest(out)["sha256"]


KINDS = (*BEFORE, KILL)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("work", [build, rebuild], ids=["new", "over an older one"])
def test_any_call_may_fail(kind, work, tmp_path, gold):
    out = tmp_path / "gauge" / "store"
    if work is rebuild:
        build(out)
    calls = len(recorded(out, work))
    assert calls > 80
    step = 1 if FULL else 19
    landed = range(1 + KINDS.index(kind) * 3 % step, calls + 1, step)
    for at in landed:
        out = tmp_path / str(at) / "store"
        if work is rebuild:
            build(out)
        tidying_up = work is rebuild and kind not in DEADLY  # may fail without harm
        assert strikes(out, kind, at, work) or tidying_up
        honest(out, gold)
        healed(out, gold)
    LOG.info("%s: %d of %d calls", kind, len(landed), calls)


def damaged(out):
    """Build a store, and spoil a shard and lose another; return the sound files."""
    build(out)
    data = out / "data.zarr"
    (data / "valid" / "c.2").unlink()
    (data / "map" / "c.1.0.0").chmod(0o644)
    (data / "map" / "c.1.0.0").write_bytes(b"spoilt")
    bad = {fault.file for fault in find_problems(out, deep=True)}
    return {file for file in read_manifest(out)["files"] if file not in bad}


@pytest.mark.parametrize("kind", KINDS)
def test_any_call_of_a_repair_may_fail(kind, tmp_path, gold):
    damaged(tmp_path / "gauge" / "store")
    calls = len(recorded(tmp_path / "gauge" / "store", mend))
    step = 1 if FULL else 29
    landed = range(1 + KINDS.index(kind) * 3 % step, calls + 1, step)
    for at in landed:
        out = tmp_path / str(at) / "store"
        sound = damaged(out)
        assert strikes(out, kind, at, mend) or kind not in DEADLY
        left = {fault.file for fault in find_problems(out, deep=True)}
        assert not left & sound
        mend(out)
        assert list(find_problems(out, deep=True)) == []
        healed(out, gold)
        assert list(out.parent.iterdir()) == [out]
    LOG.info("repair, %s: %d of %d calls", kind, len(landed), calls)


def test_a_second_fault_may_strike_the_run_that_heals_the_first(tmp_path, gold):
    chance, pairs = random.Random(SEED), 0
    calls = len(recorded(tmp_path / "gauge" / "store"))
    while pairs < len(trials(12, 100)):
        out = Path(tempfile.mkdtemp(dir=tmp_path)) / "new" / "store"
        first, second = chance.choice(KINDS), chance.choice(KINDS)
        assert strikes(out, first, chance.randint(1, calls))
        honest(out, gold)
        pairs += strikes(out, second, chance.randint(1, calls))
        honest(out, gold)
        healed(out, gold)
    LOG.info("seed %d: %d pairs of faults", SEED, pairs)


def test_kills_at_random_moments_end_with_the_same_digest(tmp_path, gold):
    chance, landed = random.Random(SEED), 0
    for trial in trials(20, 500):
        out = tmp_path / str(trial) / "store"
        for _ in range(1 + trial % 3):
            landed += killed(out, chance.uniform(0, 0.25))
            honest(out, gold)
        healed(out, gold)
        assert list(out.parent.iterdir()) == [out], f"seed {SEED}, trial {trial}"
    LOG.info("seed %d: %d kills landed", SEED, landed)
    assert landed >= len(trials(20, 500)), f"seed {SEED}: only {landed} kills landed"


def killed(out, after_s):
    """Kill a build; return whether it was still at it."""
    ready = FORK.Event()
    child = FORK.Process(
        target=build_in_child, args=(ready, out, 3, 0.1)
    )  # at it for at least 0.3 s
    child.start()
    ready.set()
    while not out.parent.exists() and child.is_alive():
        time.sleep(0.001)
    time.sleep(after_s)
    child.kill()
    child.join()
    return child.exitcode == -9


def codes(children):
    """Let children go all at once; return their exit codes."""
    ready = FORK.Barrier(len(children))
    started = [FORK.Process(target=build_in_child, args=(ready, *child)) for child in children]
    for child in started:
        child.start()
    for child in started:
        child.join()
    return sorted(child.exitcode for child in started)


def test_of_two_builders_at_once_one_wins_and_the_other_comes_later(tmp_path, gold):
    for trial in trials(3, 200):
        out = tmp_path / str(trial) / "store"
        assert codes([(out, 3, 0.1), (out, 3, 0.1)]) == [0, 75]
        honest(out, gold)
        healed(out, gold)


def test_two_builders_that_race_for_a_finished_store_never_spoil_it(tmp_path, gold):
    for trial in trials(3, 200):
        out = tmp_path / str(trial) / "store"
        assert codes([(out, 3), (out, 3), (out, 3)])[0] == 0
        healed(out, gold)


def test_builds_with_two_parameters_at_once_are_each_complete(tmp_path, gold):
    for trial in trials(1, 20):
        three, five = tmp_path / str(trial) / "three", tmp_path / str(trial) / "five"
        assert codes([(three, 3, 0.05), (five, 5, 0.05)]) == [0, 0]
        healed(three, gold)
        assert (Store(five).array("map").load()[4:8] == 6).all()


def test_of_two_parameters_for_one_place_the_other_is_refused(tmp_path, gold):
    build(tmp_path / "store")
    with pytest.raises(OutputExistsError, match="sigma: 3 -> 5"):
        build(tmp_path / "store", 5)
    healed(tmp_path / "store", gold)
