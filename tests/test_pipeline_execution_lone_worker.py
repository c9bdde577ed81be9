"""One worker process: what kills it is survived, what it raises is raised."""

import os
import signal
import time

import numpy as np
import pytest

from errors import NoInputError
from pipeline.execution.lone_worker import LoneWorker
from store.building import read_manifest


def pid_of(item):
    return {"pid": os.getpid(), **item}


def die(item):
    os.kill(os.getpid(), item)


def grow(item):
    held = np.ones(item)
    time.sleep(60)
    return {"ok": len(held)}


@pytest.fixture
def started():
    """A function: task -> a worker that is started."""
    workers = []

    def start(task, memory_bytes=1 << 32):
        workers.append(LoneWorker(task, memory_bytes))
        workers[-1].start()
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()


def test_one_other_process_does_all_items(started):
    worker = started(pid_of)
    found = [worker.do({"item": number}) for number in range(3)]
    assert len({one["pid"] for one in found} - {os.getpid()}) == 1
    assert [one["item"] for one in found] == [0, 1, 2]


def test_an_error_of_the_task_surfaces_and_the_worker_goes_on(started, tmp_path):
    worker = started(read_manifest)
    for _ in range(2):
        with pytest.raises(NoInputError, match="not finished") as caught:
            worker.do(tmp_path)
        assert caught.value.where == str(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGALRM])
def test_a_death_is_no_result_and_another_process_takes_its_place(started, number):
    worker = started(die)
    assert worker.do(number) is None
    assert worker.do(number) is None  # until it is started again, none
    worker.close()
    worker.start()
    assert worker.do(number) is None


def test_a_worker_that_grows_too_large_is_ended(started):
    worker, began = started(grow, 300 << 20), time.monotonic()
    assert worker.do(100_000_000) is None
    assert time.monotonic() - began < 50


def test_a_worker_ends_with_its_block(started):
    worker = started(pid_of)
    pid = worker.do({})["pid"]
    worker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
