"""A cluster of separate processes: the same bytes from it, and nothing lost when it is lost."""

import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.crashing import LOG, trials
from tests.drawing import SHARDS, finished, started, wait_for

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]


@contextmanager
def dask(name, file, *options):
    """Run a scheduler or a worker as its own process, as on another machine."""
    command = [sys.executable, "-m", f"distributed.cli.dask_{name}", "--scheduler-file", str(file)]
    with (file.parent / f"{name}.log").open("a") as log:
        process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def cluster(folder, workers):
    """Run a scheduler and workers on loopback; yield the scheduler."""
    folder.mkdir()
    file = folder / "scheduler.json"
    address = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    one = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
    with ExitStack() as stack:
        scheduler = stack.enter_context(dask("scheduler", file, *address))
        for _ in range(workers):
            stack.enter_context(dask("worker", file, "--death-timeout", "20", *one))
        yield scheduler


def address(folder):
    """Return where the scheduler of a cluster answers, once it does."""
    from distributed import Client

    file = folder / "scheduler.json"
    give_up = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < give_up
        time.sleep(0.05)
    with Client(scheduler_file=str(file)) as client:
        client.wait_for_workers(1, timeout=60)
        return client.scheduler.address


def test_local_and_remote_workers_one_or_two_write_the_same_bytes(to_draw, drawn, tmp_path):
    with cluster(tmp_path / "cluster", workers=2):
        remote = ("--scheduler", address(tmp_path / "cluster"))
        options = {"one": ("--workers", "1"), "two": ("--workers", "2"), "remote": remote}
        found = {
            name: finished(to_draw, tmp_path / name / "au", *chosen)
            for name, chosen in options.items()
        }
    assert found == dict.fromkeys(options, drawn)


@pytest.mark.parametrize("trial", trials(1, 10))
def test_a_killed_scheduler_means_try_later_and_loses_nothing(to_draw, drawn, tmp_path, trial):
    out = tmp_path / "maps" / "au"
    with cluster(tmp_path / "cluster", workers=1) as scheduler:
        where = address(tmp_path / "cluster")
        with started(to_draw, out, "--scheduler", where) as build:
            wait_for(out, 1 + trial % 5)
            scheduler.kill()
            said = build.communicate(timeout=120)[1]
        assert build.returncode == 75, said
        said = said.splitlines()[-1]  # after those that say how far it is
        LOG.info(said)
        assert said.startswith(f"error[TEMPFAIL] {where}: the cluster was lost. ")
        assert said.endswith(f"of {SHARDS} shards are safe.")
        assert finished(to_draw, out) == drawn
