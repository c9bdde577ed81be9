"""Ctrl-C and SIGTERM on the command line: a clean stop with its own exit code, and it goes on."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.crashing import FULL, LOG, trials
from tests.drawing import SHARDS, finished, started, wait_for

pytestmark = pytest.mark.slow
STOPS = [(signal.SIGINT, 1), (signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGTERM, 1)]
STUBBORN = """
import sys, time
import cli

@cli.main.command()
def stubborn():
    try:
        print("at it", flush=True)
        pause()
    finally:
        print("stopping", flush=True)
        pause()

def pause():  # a signal that comes just before one long sleep is seen only after it
    for _ in range(600):
        time.sleep(0.1)

sys.argv = ["cli.py", "stubborn"]
cli.run_safely()
"""


def stopped(landmarks, out, number, shards, workers):
    """Stop a build after so many shards; return its exit code, what it said, and how long it took.

    A terminal sends Ctrl-C to all processes; SIGTERM goes to the one that was started.
    """
    with started(landmarks, out, "--workers", workers) as build:
        wait_for(out, shards)
        send = os.killpg if number == signal.SIGINT else os.kill
        send(build.pid, number)
        began = time.monotonic()
        said = build.communicate(timeout=120)[1]
        return build.returncode, said, time.monotonic() - began


@pytest.mark.parametrize("trial", trials(1, 20))
@pytest.mark.parametrize(("number", "workers"), STOPS if FULL else STOPS[:2])
def test_a_stopped_build_says_so_and_is_resumed(to_draw, drawn, tmp_path, number, workers, trial):
    out = tmp_path / "maps" / "au"
    after = 1 + trial % 5  # far enough from the end to be at work still
    found, said, seconds = stopped(to_draw, out, number, after, workers)
    LOG.info("%s after %d shards: %.1f s", signal.Signals(number).name, after, seconds)
    assert found == 128 + number, said
    assert f"of {SHARDS} shards are safe. The same command continues." in said
    assert "Traceback" not in said
    assert not out.exists()
    assert finished(to_draw, out) == drawn
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("trial", trials(1, 20))
def test_ctrl_c_at_the_very_end_loses_nothing(to_draw, drawn, tmp_path, trial):
    out = tmp_path / "maps" / "au"
    found, said, seconds = stopped(to_draw, out, signal.SIGINT, SHARDS, 1)
    LOG.info("exit code %d after %.1f s", found, seconds)
    assert found in (0, 130), said
    assert "Traceback" not in said
    assert finished(to_draw, out) == drawn


@pytest.mark.parametrize(
    ("first", "second"),
    [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGINT)],
)
def test_a_second_ctrl_c_stops_at_once(checkout, first, second):
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN], cwd=checkout, stdout=subprocess.PIPE, text=True
    ) as build:
        assert build.stdout.readline() == "at it\n"
        build.send_signal(first)
        assert build.stdout.readline() == "stopping\n"
        build.send_signal(second)
        assert build.wait(20) == 128 + second
