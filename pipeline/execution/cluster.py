"""Workers: a local dask cluster by default, an existing one by address. A task is a whole shard."""

import logging
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import resource_tracker
from types import FrameType
from typing import TYPE_CHECKING, Any

from errors import ResourceError, TryLaterError, UsageError
from progress import ProgressCallback

if TYPE_CHECKING:
    from distributed import Client

"""(done, total, note): called as work goes on."""

Task = Callable[[Any], Mapping[str, int]]
"""One item of work -> how many rows ended with each status."""


_ANSWER_WITHIN_S = 10
_DASHBOARD = "127.0.0.1:0"
"""Any free port, seen from here only.

With None, distributed takes 8787, and complains when a second run finds it taken.
"""

_AHEAD = 1024
"""Items a cluster holds at once: more than it has threads, fewer than fill its scheduler."""

_MOST_DEATHS = 20
"""Of workers in one run; more are no picture's fault."""

_LOCAL = {
    "distributed.scheduler.allowed-failures": 0,  # dask blames neighbours too: `_survived` judges
    "distributed.worker.memory.target": False,  # results are small: nothing to spill, and a worker
    "distributed.worker.memory.spill": False,  # that pauses at its limit would wait for ever
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
}


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """Who does the work.

    Attributes:
        progress: is called with how it goes.
        workers: local processes, one thread each; None for one per core, 0 for this very process.
        scheduler: address of an existing cluster, `tcp://host:port`, instead. Its workers have one
            thread each, a nanny and their own memory limit.
        worker_bytes: a local worker that grows beyond it, or beyond its share of the machine, is
            ended and replaced; None for its share.
    """

    progress: ProgressCallback
    workers: int | None = None
    scheduler: str | None = None
    worker_bytes: int | None = None


def run(cluster: ClusterConfig, task: Task, items: Iterable[Any], rows: int) -> None:
    """Do every item, in any order.

    Args:
        cluster: who.
        task: importable and picklable; commits its own result and returns a few numbers.
        items: small picklable descriptions of the work, made as they are needed.
        rows: how many there are in all items, for the progress bar.

    Raises:
        ResourceError: if workers keep dying. A task in hand when one dies is done again.
        TryLaterError: if no cluster answers, or it is lost.
        UsageError: if the scheduler's address is none.
        ProjectError: whatever a task raises.
    """
    statuses: Counter[str] = Counter()
    with closing(
        _results(cluster, task, items)
    ) as results:  # Ctrl-C in the loop closes workers, too
        for counts in results:
            statuses.update(counts)
            note = ", ".join(f"{name} {count}" for name, count in sorted(statuses.items()))
            cluster.progress(statuses.total(), rows, note)


def _results(
    cluster: ClusterConfig, task: Task, items: Iterable[Any]
) -> Generator[Mapping[str, int], None, None]:
    if not items:
        return
    if cluster.workers == 0:
        for item in items:
            yield task(item)
        return
    from distributed import CancelledError
    from distributed.comm import CommClosedError

    with _client(cluster) as client:
        try:
            yield from _survived(client, task, items)
        except (CancelledError, CommClosedError) as error:  # in waiting, or in handing out
            raise TryLaterError(
                cluster.scheduler or "workers",
                "the cluster was lost. Run the same command again; it goes on.",
            ) from error


def _survived(client: "Client", task: Task, items: Iterable[Any]) -> Iterator[Mapping[str, int]]:
    """Do every item; those that a dying worker had in hand are done once more."""
    from distributed import Future, as_completed
    from distributed.scheduler import KilledWorker

    waiting, item_of = iter(items), dict[Future, Any]()
    done, dead = as_completed(), set[str]()

    def give(item: object) -> None:
        future = client.submit(task, item, pure=False)
        item_of[future] = item
        done.add(future)

    for item in islice(waiting, _AHEAD):
        give(item)
    for future in done:
        item = item_of.pop(future)
        try:
            yield future.result()
        except KilledWorker as error:
            dead.add(error.last_worker.address)
            if len(dead) > _MOST_DEATHS:
                raise ResourceError(
                    "workers",
                    f"died {len(dead)} times. Finished shards are safe. "
                    "Use fewer --workers or lower max_pixels, and run again.",
                ) from error
            give(item)
        future.release()
        for item in islice(waiting, 1):
            give(item)


@contextmanager
def _client(cluster: ClusterConfig) -> Iterator[Any]:
    import dask
    from distributed import Client, LocalCluster
    from distributed.comm import get_address_host_port
    from distributed.system import MEMORY_LIMIT

    for name in ("distributed", "distributed.client"):  # deaths and losses are told in our words
        logging.getLogger(name).setLevel(logging.CRITICAL)
    workers = cluster.workers or os.cpu_count() or 1
    if cluster.scheduler is not None:
        try:
            get_address_host_port(cluster.scheduler)
        except ValueError as error:
            raise UsageError(
                "--scheduler", f"needs an address such as tcp://host:8786; {error}."
            ) from error
        try:
            client = Client(cluster.scheduler, timeout=_ANSWER_WITHIN_S)
        except (OSError, TimeoutError) as error:
            raise TryLaterError(
                cluster.scheduler,
                "no dask scheduler answers. Finished shards are safe. Start it and run again.",
            ) from error
        with client:
            yield client
        return
    with dask.config.set(_LOCAL), ExitStack() as stack:
        with _interrupts_put_off():
            with _deaf_to_interrupts():
                local = LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    memory_limit=min(cluster.worker_bytes or MEMORY_LIMIT, MEMORY_LIMIT // workers),
                    dashboard_address=_DASHBOARD,
                    silence_logs=logging.CRITICAL,
                )
            cluster = stack.enter_context(_closed(local))
            client = stack.enter_context(_closed(Client(cluster)))
        yield client


@contextmanager
def _closed(opened: Any) -> Iterator[Any]:  # noqa: ANN401 - distributed ships no types
    """Close something at the end, whole.

    If Ctrl-C cuts into a cluster's closing, distributed waits for 10 s at exit for the rest of it.
    """
    try:
        yield opened
    finally:
        with _interrupts_put_off():
            opened.close()


@contextmanager
def _interrupts_put_off() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait for the end of the block.

    A second one is obeyed at once, and so is one that comes while the first is being obeyed.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or not isinstance(sys.exc_info()[1], Exception | None):
        yield
        return
    came: list[int] = []

    def put_off(number: int, frame: FrameType | None) -> None:
        if came:
            os._exit(128 + number)
        came.append(number)

    usual = {name: signal.signal(name, put_off) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in usual.items():
            signal.signal(name, handler)
        for number in came:
            signal.raise_signal(number)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start threads and processes that ignore Ctrl-C; the process that starts them ends them.

    They inherit the mask, and so do the workers that take the place of dead ones.
    """
    resource_tracker.ensure_running()  # started by the first worker, it would lift the mask
    usual = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, usual)
