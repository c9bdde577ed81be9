"""One job in a process of its own: what it returns, or what it died of."""

import ctypes
import os
import time
from functools import partial

import numpy as np
import pytest

from errors import ResourceError
from pipeline.execution.isolated import RowLimits, run_isolated
from store.records import Status

LIMITS = RowLimits(timeout_s=3, memory_bytes=1_000_000_000)


def segfault():
    ctypes.string_at(0)


def hog():
    held = []
    while True:
        held.append(np.ones(5_000_000))


def test_a_job_alone_returns_what_it_returns():
    assert run_isolated(partial(divmod, 7, 2), LIMITS) == (3, 1)


def test_an_error_of_a_job_alone_surfaces_unchanged():
    with pytest.raises(ZeroDivisionError):
        run_isolated(partial(divmod, 7, 0), LIMITS)


@pytest.mark.parametrize(
    ("job", "timeout_s", "status"),
    [
        (segfault, 60.0, "crashed"),
        (os.abort, 60.0, "crashed"),
        (partial(time.sleep, 100), 1.0, "timeout"),
        (hog, 60.0, "oom"),
        (partial(os._exit, 3), 60.0, "crashed"),
    ],
)
def test_a_job_alone_that_dies_says_of_what(job, timeout_s, status):
    assert run_isolated(job, RowLimits(timeout_s, 200_000_000)) == Status(status)


def test_a_process_that_cannot_start_blames_nobody(monkeypatch):
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(ResourceError, match="cannot start a process"):
        run_isolated(partial(divmod, 7, 2), LIMITS)
