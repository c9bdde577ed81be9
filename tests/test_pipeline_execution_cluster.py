"""Workers: none, a local dask cluster, or an existing one by address."""

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from unittest import mock

import pytest

from errors import NoInputError, ResourceError, TryLaterError, UsageError
from pipeline.execution.cluster import ClusterConfig, run
from pipeline.execution.interrupts import closed_whole
from store.building import read_manifest

NOBODY = ClusterConfig(progress=lambda done, total, note: None, workers=0)


def counting(item):
    return {"ok": item, "no_face": 1}


@pytest.fixture(autouse=True)
def swept():
    """Sweep up what a client leaves here.

    Swept up while another one starts, it makes distributed wait for itself.
    """
    yield
    gc.collect()


@pytest.fixture
def told():
    return []


def test_this_process_does_every_item_in_order_and_tells(told):
    run(ClusterConfig(lambda *state: told.append(state), workers=0), counting, [2, 3], 7)
    assert told == [(3, 7, "no_face 1, ok 2"), (7, 7, "no_face 2, ok 5")]


def test_no_items_need_no_workers():
    run(ClusterConfig(NOBODY.progress, scheduler="tcp://127.0.0.1:1"), counting, [], 0)


def test_an_error_of_a_task_surfaces_unchanged(tmp_path):
    with pytest.raises(NoInputError, match="not finished") as caught:
        run(NOBODY, read_manifest, [tmp_path], 1)
    assert caught.value.where == str(tmp_path)


@pytest.mark.slow
def test_a_local_cluster_does_every_item(told):
    texts = [{"ok": 1}, {"ok": 2}, {"small": 3}]
    run(ClusterConfig(lambda *state: told.append(state), workers=2), dict, texts, 6)
    assert [state[0] for state in told][-1] == 6
    assert told[-1] == (6, 6, "ok 3, small 3")


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [1, 3])
def test_a_cluster_that_holds_few_items_at_once_does_them_all(told, monkeypatch, ahead):
    monkeypatch.setattr("pipeline.execution.cluster._AHEAD", ahead)
    run(ClusterConfig(lambda *state: told.append(state), workers=1), dict, [{"ok": 1}] * 7, 7)
    assert [done for done, _, _ in told] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.slow
def test_an_error_of_a_worker_surfaces_unchanged(tmp_path):
    with pytest.raises(NoInputError, match="not finished") as caught:
        run(ClusterConfig(NOBODY.progress, workers=1), read_manifest, [tmp_path], 1)
    assert caught.value.where == str(tmp_path)
    assert caught.value.exit_code == 66


@pytest.mark.slow
def test_an_existing_cluster_is_used_and_left_running(told):
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        config = ClusterConfig(
            lambda *state: told.append(state), scheduler=cluster.scheduler_address
        )
        run(config, dict, [{"ok": 1}], 1)
        assert told == [(1, 1, "ok 1")]
        with Client(cluster) as client:
            assert client.submit(int, "7").result() == 7


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the workers that died
def test_a_task_that_keeps_killing_workers_ends_the_run(monkeypatch):
    monkeypatch.setattr("pipeline.execution.cluster._MOST_DEATHS", 2)
    with pytest.raises(ResourceError, match="died 3 times") as caught:
        run(ClusterConfig(NOBODY.progress, workers=1), os._exit, [1], 1)
    assert caught.value.exit_code == 71


LOST = """
import time
from distributed import LocalCluster
cluster = LocalCluster(
    n_workers=1, processes=False, protocol="tcp", dashboard_address="127.0.0.1:0"
)
print(cluster.scheduler_address, flush=True)
time.sleep(60)
"""


@pytest.mark.slow
def test_a_cluster_that_is_lost_means_try_later():
    with subprocess.Popen([sys.executable, "-c", LOST], stdout=subprocess.PIPE, text=True) as lost:
        cluster = ClusterConfig(NOBODY.progress, scheduler=lost.stdout.readline().strip())
        threading.Timer(1, lost.kill).start()
        with pytest.raises(TryLaterError, match=r"was lost.*Run the same command again") as caught:
            run(cluster, time.sleep, [30], 1)
    assert caught.value.exit_code == 75


@pytest.mark.slow
def test_no_scheduler_at_the_address_means_try_later(monkeypatch):
    monkeypatch.setattr("pipeline.execution.cluster._ANSWER_WITHIN_S", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(TryLaterError, match="no dask scheduler answers") as caught:
        run(
            ClusterConfig(NOBODY.progress, scheduler=f"tcp://127.0.0.1:{port}"),
            dict,
            [{"ok": 1}],
            1,
        )
    assert caught.value.exit_code == 75


@pytest.mark.parametrize("address", ["127.0.0.1:x", "nonsense://1:2", "tcp://"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(UsageError, match="tcp://host:8786"):
        run(ClusterConfig(NOBODY.progress, scheduler=address), dict, [{"ok": 1}], 1)


def test_ctrl_c_between_two_items_closes_the_cluster_before_anything_else(monkeypatch):
    def progress(done, total, note):
        raise KeyboardInterrupt

    cluster = mock.Mock()
    monkeypatch.setattr("pipeline.execution.cluster._client", lambda config: closed_whole(cluster))
    monkeypatch.setattr(
        "pipeline.execution.cluster._survived", lambda *given: iter([{"ok": 1}] * 2)
    )
    with pytest.raises(KeyboardInterrupt) as caught:
        run(ClusterConfig(progress, workers=1), dict, [1, 2], 2)
    assert caught.traceback  # keeps what the frames hold
    cluster.close.assert_called_once()


def deaf_in_its_second_life(died):
    """End the worker; say of the one that takes its place whether Ctrl-C reaches it."""
    if not died.exists():
        died.touch()
        os._exit(1)
    return {"deaf": int(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the worker that died
def test_ctrl_c_does_not_reach_a_worker_that_replaces_a_dead_one(told, tmp_path):
    cluster = ClusterConfig(lambda *state: told.append(state), workers=1)
    run(cluster, deaf_in_its_second_life, [tmp_path / "died"], 1)
    assert told == [(1, 1, "deaf 1")]


def test_a_task_cannot_end_the_work_by_accident():
    with pytest.raises(RuntimeError):
        run(NOBODY, next, [iter([{"ok": 1}]), iter([]), iter([{"ok": 1}])], 3)


def on_two_cores(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)


def taking(seconds):
    time.sleep(seconds)
    return {"ok": 10}


@pytest.mark.parametrize("isolated", [False, True])
def test_little_work_is_done_by_one_process(told, monkeypatch, isolated):
    on_two_cores(monkeypatch)
    said = []
    given = {"worker_bytes": 1 << 32, "isolated": isolated, "say": said.append}
    run(ClusterConfig(lambda *state: told.append(state), **given), taking, [0.5, 0, 0, 0], 40)
    assert [state[0] for state in told] == [10, 20, 30, 40]
    assert said == ["done by one process: too little work for several (--workers asks for them)"]


@pytest.mark.parametrize(
    ("cores", "shards", "alone"), [(2, 10_000, 2), (1, 10_000, 10), (2, 10, 10)]
)
def test_long_work_goes_on_with_workers(told, monkeypatch, cores, shards, alone):
    """Ten items are given; all of the work is said to be longer."""
    by_workers, said = [], []

    def of_workers(cluster, task, items):
        for item in items:
            by_workers.append(item)
            yield task(item)

    monkeypatch.setattr("os.cpu_count", lambda: cores)
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0))
    monkeypatch.setattr("pipeline.execution.cluster._of_workers", of_workers)
    cluster = ClusterConfig(lambda *state: told.append(state), say=said.append)
    run(cluster, taking, [0.002] * 10, shards * 10)
    assert len(by_workers) == 10 - alone
    assert len(told) == 10
    assert ("workers take over" in said[0]) == (alone == 2)


def test_on_a_busy_machine_workers_have_to_pay_more(told, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr("os.getloadavg", lambda: (1e6, 0.0, 0.0))
    said = []
    cluster = ClusterConfig(lambda *state: told.append(state), say=said.append)
    run(cluster, taking, [0.002] * 10, 100_000)
    assert said == ["done by one process: too little work for several (--workers asks for them)"]


def test_a_stated_number_of_workers_is_obeyed(told, monkeypatch):
    handed = []

    def of_workers(cluster, task, items):
        handed.extend(items)
        yield {"ok": 1}

    monkeypatch.setattr("pipeline.execution.cluster._of_workers", of_workers)
    run(ClusterConfig(lambda *state: told.append(state), workers=2), dict, [1, 2], 2)
    assert handed == [1, 2]


def test_a_task_that_keeps_killing_its_process_ends_the_run(monkeypatch):
    monkeypatch.setattr("pipeline.execution.cluster._MOST_DEATHS", 1)
    with pytest.raises(ResourceError, match=r"died 2 times.*Use fewer --workers"):
        run(ClusterConfig(NOBODY.progress, worker_bytes=1 << 32, isolated=True), os._exit, [1], 1)
