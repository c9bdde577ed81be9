"""A picture that kills, hangs or starves its worker costs its own row and nothing else."""

import ctypes
import gc
import os
import signal
import threading
import time
from collections import Counter
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from errors import ResourceError
from pipeline.execution.cluster import ClusterConfig
from pipeline.execution.crash_journal import Journal, compute_rows
from pipeline.execution.isolated import RowLimits
from pipeline.execution.sharded_build import build_rows
from store.build_plans import BuildPlan
from store.building import building_folder
from store.layout import ArraySpec, Layout
from store.reading import Store
from store.records import Status
from tests.crashing import trials

ROWS, SHARD_ROWS, POISON = 40, 8, 20
LAYOUT = Layout(ROWS, SHARD_ROWS, {"value": ArraySpec((3,), "uint8")})
TABLE = [{"id": str(number), "status": "ok"} for number in range(ROWS)]
LIMITS = RowLimits(timeout_s=3, memory_bytes=1_000_000_000)
PATIENT = RowLimits(timeout_s=100, memory_bytes=1_000_000_000)
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the workers that died


def harmless(number):
    pass


def segfault(number):
    if number == POISON:
        ctypes.string_at(0)


def hang(number):
    if number == POISON:
        time.sleep(1000)


def hog(number):
    held = []
    while number == POISON:
        held.append(np.ones(5_000_000))


def slow(number):
    time.sleep(0.1)


def abort(number):
    os.abort()


def compute(poison, log, number, row, failed):
    """Compute one row: its number three times."""
    if failed:
        return {"value": np.zeros(3, np.uint8)}, {"status": failed}
    with log.open("a") as file:
        file.write(f"{number} {os.getpid()}\n")
    poison(number)
    return {"value": np.full(3, number + 1, np.uint8)}, {"status": Status.OK}


def opened(poison, log):
    return partial(compute, poison, log)


def fill(out, poison, workers=2, limits=LIMITS):
    """Build a store with one poisonous row; return it, and how often each row was worked on."""
    out.parent.mkdir(parents=True, exist_ok=True)
    log = out.parent / "log"
    plan = BuildPlan(out, {"stage": "poison"}, {}, LAYOUT, pl.DataFrame(TABLE), 1.0)
    build_rows(plan, partial(opened, poison, log), limits, ClusterConfig(silent, workers))
    return Store(out), Counter(line.split()[0] for line in log.read_text().splitlines())


def silent(done, total, note):
    pass


@pytest.fixture(autouse=True)
def swept():
    """Sweep up what a client leaves here, before another one starts."""
    yield
    gc.collect()


@pytest.fixture(params=trials(1, 10))
def repeated(request):
    """Once; many times in `make torture`."""


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """The store without poison."""
    store, _ = fill(tmp_path_factory.mktemp("clean") / "store", harmless, workers=0)
    return store


@pytest.mark.slow
@pytest.mark.usefixtures("repeated")
@pytest.mark.parametrize("workers", [2, None], ids=["cluster", "one process"])
@pytest.mark.parametrize(
    ("poison", "status", "limits"),
    [(segfault, "crashed", LIMITS), (hang, "timeout", LIMITS), (hog, "oom", PATIENT)],
    ids=["segfault", "hang", "hog"],
)
def test_exactly_the_poisonous_row_is_set_aside(poison, status, limits, workers, tmp_path, clean):
    store, worked = fill(tmp_path / "store", poison, workers, limits)
    statuses = [row["status"] for row in store.rows()]
    assert statuses == ["ok"] * POISON + [status] + ["ok"] * (ROWS - POISON - 1)
    others = np.arange(ROWS) != POISON
    values, expected = store.array("value").load(), clean.array("value").load()
    np.testing.assert_array_equal(values[others], expected[others])
    assert not values[POISON].any()
    assert worked[str(POISON)] == 2  # with the others, and alone
    again = [row for row, times in worked.items() if times > 1]
    assert len(again) <= 2 * SHARD_ROWS  # no more than the shards in hand when the worker died
    assert names(store.path) == names(clean.path)


def names(folder):
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*"))


@pytest.mark.slow
def test_committed_shards_are_not_touched_and_worker_counts_do_not_show(tmp_path, monkeypatch):
    times = {}

    def progress(done, total, note):
        for record in building_folder(tmp_path / "1" / "store", {"stage": "poison"}).glob(
            "commit/*.json"
        ):
            times.setdefault(record.name, record.stat().st_mtime_ns)

    monkeypatch.setitem(globals(), "silent", progress)
    one, _ = fill(tmp_path / "1" / "store", segfault, workers=1)
    assert len(times) == LAYOUT.shards
    published = one.path.glob("commit/*.json")
    assert {record.name: record.stat().st_mtime_ns for record in published} == times
    two, _ = fill(tmp_path / "2" / "store", segfault, workers=2)
    assert one.digest == two.digest


@pytest.mark.slow
@pytest.mark.parametrize("trial", trials(1, 10))
@pytest.mark.parametrize("workers", [2, None], ids=["cluster", "one process"])
def test_a_worker_killed_from_outside_loses_and_blames_nothing(tmp_path, clean, trial, workers):
    log, killed = tmp_path / "log", []

    def kill():
        while not log.exists() or log.read_text().count("\n") <= trial:
            time.sleep(0.01)
        killed.append(int(log.read_text().split()[2 * trial + 1]))
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    store, worked = fill(tmp_path / "store", slow, workers)
    killer.join()
    assert killed
    assert max(worked.values()) > 1
    assert store.digest == clean.digest


@pytest.mark.slow
def test_workers_that_always_die_end_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.execution.cluster._MOST_DEATHS", 1)
    with pytest.raises(ResourceError, match=r"died 2 times.*Use fewer --workers") as caught:
        fill(tmp_path / "store", abort, workers=1)
    assert caught.value.exit_code == 71


def test_a_row_that_ended_this_very_process_is_found_by_the_next_run(tmp_path):
    child = get_context("spawn").Process(target=fill, args=(tmp_path / "store", segfault, 0))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGSEGV
    store, worked = fill(tmp_path / "store", segfault, workers=0)
    assert Counter(row["status"] for row in store.rows()) == {"ok": ROWS - 1, "crashed": 1}
    assert worked[str(POISON)] == 2


def test_a_row_that_is_interrupted_is_not_blamed(tmp_path, clean):
    def interrupt(number):
        if number == POISON:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(tmp_path / "store", interrupt, workers=0)
    store, _ = fill(tmp_path / "store", harmless, workers=0)
    assert store.digest == clean.digest


def test_a_row_that_failed_for_good_is_not_tried_again(tmp_path):
    journal = Journal(tmp_path / "journal")
    journal.mark_failed(2, Status.TIMEOUT)
    journal.begin(3)
    journal.close()
    journal = Journal(tmp_path / "journal")
    assert journal.failed(2) == Status.TIMEOUT
    assert journal.is_suspect(3)
    assert not journal.is_suspect(2)
    cells = compute_rows(
        partial(opened, harmless, tmp_path / "log"), LIMITS, journal, range(2, 5), TABLE[2:5]
    )
    journal.close()
    assert [notes["status"] for _, notes in cells] == ["timeout", "ok", "ok"]
    assert [line.split()[0] for line in Path(tmp_path / "log").read_text().splitlines()] == [
        "3",
        "4",
    ]
