"""The GPU path on a fake CUDA runtime: right devices, few waits, pinned copies; without a GPU."""

import json
import os
import re
import subprocess
import sys

import pytest
import torch

from benchmarks.fake_cuda import build, waits

WHY_NOT = build.why_not() or ("a real GPU is here" if torch.cuda.is_available() else None)
needs_fake_gpu = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))

WAITS = {
    "train": 1,  # were the losses of the step before finite?
    "evaluate": 1,  # the results of a batch
    "explain": 2,  # which expressions, then all maps: AU maps are drawn by the processor between
}
"""How often a step, a batch or a call may wait."""

UNPINNED = {"train": 0, "evaluate": 0, "explain": 1}
"""How often it may copy from or to memory that is not pinned."""


def fake(folder, *arguments, gpus=1):
    """Run Python on fake GPUs; return what it printed."""
    command = [sys.executable, "-m", "benchmarks.fake_cuda", "--gpus", str(gpus), *arguments]
    given = {**os.environ, "OMP_NUM_THREADS": "1", "SCRATCH": str(folder)}
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=1800)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("fake_cuda")


@pytest.fixture(scope="module")
def table(scratch):
    """Waits and launches of all methods and variations, on the second of two GPUs."""
    file = scratch / "waits.json"
    done = fake(scratch, "-m", "benchmarks.fake_cuda.waits", "--json", str(file), gpus=2)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(file.read_text())


@pytest.mark.slow
@needs_fake_gpu
@pytest.mark.parametrize("what", ["train", "evaluate", "explain"])
@pytest.mark.parametrize("method", waits.METHODS)
def test_a_method_waits_once_and_not_in_its_passes(method, what, table):
    row = table["rows"][method][what]
    assert (row["waits"], row["inside"]) == (WAITS[what], 0), row["lines"]
    assert row["unpinned"] == UNPINNED[what]
    assert row["launches"] > 0


@pytest.mark.slow
@needs_fake_gpu
@pytest.mark.parametrize("name", waits.VARIATIONS)
def test_a_variation_waits_no_more_than_known(name, table):
    row = table["rows"][name]["train"]
    counts = row["waits"], row["inside"], row["unpinned"]
    assert counts == (WAITS["train"], 0, UNPINNED["train"]), row["lines"]


@pytest.mark.slow
@needs_fake_gpu
def test_a_run_touches_only_its_own_gpu(table):
    assert table["touched"] == [1]


@pytest.mark.slow
@needs_fake_gpu
def test_every_rank_touches_only_its_own_gpu(table, scratch):
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = fake(scratch, *torchrun, "-m", "benchmarks.fake_cuda.waits", "mapped", gpus=2)
    assert done.returncode == 0, done.stderr[-3000:]
    assert sorted(re.findall(r"touched: (\[.*\])", done.stdout)) == ["[0]", "[1]"]


CARELESS = """
import torch
from benchmarks.fake_cuda.watching import watched
here, there = (torch.ones(2, device=f"cuda:{number}") for number in (0, 1))
with watched() as watch:
    here.sum().item()
    torch.ones(2).to(here.device, non_blocking=True)
    torch.ones(2).pin_memory().to(here.device, non_blocking=True)
    span = watch.cut()
print(len(span.waits), span.counts["unpinned"], watch.touched())
here + there
"""


@pytest.mark.slow
@needs_fake_gpu
def test_waits_unpinned_copies_and_wrong_devices_are_noticed(tmp_path):
    done = fake(tmp_path, "-c", CARELESS, gpus=2)
    assert done.stdout.strip() == "1 1 [0, 1]"
    assert "found at least two devices, cuda:0 and cuda:1" in done.stderr


def test_without_a_compiler_it_says_so(monkeypatch):
    monkeypatch.setattr(build.sys, "platform", "linux")
    monkeypatch.setattr(build.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(build.Path, "is_file", lambda self: True)
    monkeypatch.setattr(build.Path, "is_dir", lambda self: True)
    monkeypatch.setattr(build.shutil, "which", lambda name: None if name == "cc" else name)
    assert build.why_not() == "fake CUDA needs a C compiler: no cc here"
