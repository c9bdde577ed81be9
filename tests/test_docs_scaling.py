"""docs/scaling.md: its commands are run as they stand, on a free port and a small store."""

import os
import re
import shlex
import socket
import subprocess
import sys
import textwrap
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from params import load
from pipeline.execution.cluster import ClusterConfig
from pipeline.heatmap import heatmap
from store.reading import Store


def blocks(checkout, section):
    """The indented blocks of a section of the page."""
    page = (checkout / "docs" / "scaling.md").read_text()
    (text,) = [part for part in page.split("\n## ") if part.startswith(section)]
    found = re.findall(r"(?:^(?:    .*)?\n)+", text, re.MULTILINE)
    return [textwrap.dedent(block).strip() + "\n" for block in found if block.strip()]


@pytest.fixture
def commands(checkout):
    """The commands of the section on a running cluster, by their first two words."""
    (block,) = blocks(checkout, "A cluster that is running")
    return {" ".join(line.split()[:2]): line for line in block.splitlines()}


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.mark.slow
def test_the_documented_commands_build_what_one_machine_builds(
    commands, port, checkout, tiny, tmp_path
):
    assert commands.keys() == {
        "export PYTHONPATH=$PWD",
        "dask scheduler",
        "dask worker",
        "python cli.py",
    }
    (tmp_path / "data/landmarks").mkdir(parents=True)
    (tmp_path / "data/landmarks/demo").symlink_to(tiny.landmarks)
    (tmp_path / "params.yaml").symlink_to(checkout / "params.yaml")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    setting = {"env": {**os.environ, "PYTHONPATH": str(checkout), "PATH": path}, "cwd": tmp_path}

    def words(name):
        return shlex.split(
            commands[name].replace("8786", port).replace("cli.py", f"{checkout}/cli.py")
        )

    with ExitStack() as stack:
        for name in ("dask scheduler", "dask worker"):
            process = subprocess.Popen(words(name), stderr=subprocess.DEVNULL, **setting)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        for _ in range(3):  # the scheduler takes a while to answer
            done = subprocess.run(words("python cli.py"), capture_output=True, text=True, **setting)
            if done.returncode != 75:
                break
    assert done.returncode == 0, done.stderr
    params = load(checkout / "params.yaml").heatmap
    cluster = ClusterConfig(lambda done, total, note: None, workers=0)
    heatmap(tiny.landmarks, tmp_path / "here", "au", params, cluster)
    there = Store(tmp_path / "data/heatmaps/demo/au")
    assert there.digest == Store(tmp_path / "here").digest


def test_the_scripts_for_slurm_are_well_formed(checkout):
    job, elastic = blocks(checkout, "Slurm")
    assert job.startswith("#!/bin/bash\n#SBATCH ")
    subprocess.run(["bash", "-n"], input=job, text=True, check=True)
    compile(elastic, "scaling.md", "exec")


def test_the_kubernetes_resource_starts_one_thread_a_worker(checkout):
    (block,) = blocks(checkout, "Kubernetes")
    spec = yaml.safe_load(block)["spec"]
    (worker,) = spec["worker"]["spec"]["containers"]
    assert worker["args"][1:4] == ["worker", "--nthreads", "1"]
    assert spec["scheduler"]["service"]["ports"][0]["port"] == 8786
