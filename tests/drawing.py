"""A stage run as a command, to be watched and stopped: the maps of made-up landmarks."""

import subprocess
import sys
import time
from pathlib import Path

from store.building import read_manifest

FACES, SHARDS = 640, 10


def started(landmarks, out, *options):
    """Start to draw maps, in a group of processes as a terminal makes one."""
    stage = [sys.executable, Path(__file__).parents[1] / "cli.py", "heatmap", landmarks, out]
    return subprocess.Popen(
        [str(part) for part in (*stage, "--kind", "au", *options)],
        cwd=landmarks.parents[2],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def finished(landmarks, out, *options):
    """Draw maps to the end; return the store's digest."""
    with started(landmarks, out, *(options or ("--workers", "0"))) as build:
        said = build.communicate(timeout=120)[1]
    assert build.returncode == 0, said
    return read_manifest(out)["sha256"]


def wait_for(out, shards):
    """Wait until so many shards of a build are committed."""
    give_up = time.monotonic() + 120
    while len(list(out.parent.glob(".building-*/commit/*.json"))) < shards and not out.exists():
        assert time.monotonic() < give_up
        time.sleep(0.002)
