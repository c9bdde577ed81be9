"""Runs one piece of work in a process of its own, with a time limit and a memory limit.

Run as `python -m pipeline.execution.isolated FOLDER`: FOLDER/job goes in, FOLDER/outcome comes out.
"""

import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from errors import ResourceError
from store.records import Status

T = TypeVar("T")

_JOB, _STARTED, _OUTCOME = "job", "started", "outcome"
_START_WITHIN_S = 300  # imports from a slow disk; the clock of the work itself starts after them
_CV2_NO_MEMORY = -4


@dataclass(frozen=True, slots=True)
class RowLimits:
    """What one row may take.

    Attributes:
        timeout_s: time.
        memory_bytes: memory, of a worker that does many rows, or of a process for this one.
        in_driver: whether rows are done in the driver's own process, which no clock may end.
    """

    timeout_s: float
    memory_bytes: int
    in_driver: bool = False


@contextmanager
def clock(seconds: float) -> Iterator[None]:
    """Let the system end this process if the block takes longer (0: never), even inside a library.

    One clock per process: dask workers need one thread each.
    """
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def run_isolated(job: Callable[[], T], limits: RowLimits) -> T | Status:
    """Do one job in a process of its own.

    Args:
        job: importable and picklable, and so is what it returns.
        limits: memory comes on top of what the process has once its imports are done.

    Returns:
        What the job returns, or CRASHED, TIMEOUT or OOM.

    Raises:
        ResourceError: if the process dies before the job begins: it is not the job's fault.
        Exception: whatever the job raises.
    """
    with TemporaryDirectory(prefix="aulens-") as name:
        folder = Path(name)
        (folder / _JOB).write_bytes(pickle.dumps((job, limits)))
        try:
            ended = subprocess.run(
                [sys.executable, "-P", "-m", "pipeline.execution.isolated", name],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_START_WITHIN_S + limits.timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Status.TIMEOUT
        if not (folder / _STARTED).exists():
            raise ResourceError(
                "worker",
                f"cannot start a process for one picture ({_last_line(ended.stderr)}). "
                "Finished shards are safe. Use fewer --workers and run again.",
            )
        if ended.returncode:
            return _cause(ended)
        outcome: T | Status | Exception = pickle.loads((folder / _OUTCOME).read_bytes())
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _last_line(stderr: bytes) -> str:
    return (stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]


def _cause(ended: subprocess.CompletedProcess[bytes]) -> Status:
    """Say why a process died: the system's own killer comes with SIGKILL, C++ says bad_alloc."""
    if ended.returncode == -signal.SIGALRM:
        return Status.TIMEOUT
    starved = ended.returncode == -signal.SIGKILL or b"bad_alloc" in ended.stderr
    return Status.OOM if starved else Status.CRASHED


def _limit_memory(more_bytes: int) -> None:
    statm = Path("/proc/self/statm")  # absent outside Linux
    held = int(statm.read_text().split()[0]) * resource.getpagesize() if statm.exists() else 0
    resource.setrlimit(resource.RLIMIT_AS, (held + more_bytes, held + more_bytes))


def _outcome(job: Callable[[], object]) -> object:
    try:
        return job()
    except MemoryError:
        return Status.OOM
    except Exception as error:
        return Status.OOM if getattr(error, "code", None) == _CV2_NO_MEMORY else error


def _main(folder: Path) -> None:
    job, limits = pickle.loads((folder / _JOB).read_bytes())
    (folder / _STARTED).touch()
    _limit_memory(limits.memory_bytes)
    with clock(limits.timeout_s):
        outcome = _outcome(job)
    (folder / _OUTCOME).write_bytes(pickle.dumps(outcome))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
