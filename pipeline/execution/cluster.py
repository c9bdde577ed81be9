"""Workers: one process for little work, a local dask cluster for more, or an existing one.

A task is a whole shard.
"""

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from errors import ResourceError, TryLaterError, UsageError
from pipeline.execution.interrupts import closed_whole, deaf_to_interrupts, interrupts_put_off
from pipeline.execution.lone_worker import LoneWorker
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

_START_UP_S = 5.0
"""What a local cluster's workers cost before they work, roughly: imports, mostly."""

_MOST_DEATHS = 20
"""Of workers in one run; more are no picture's fault."""

_LOCAL = {
    "distributed.scheduler.allowed-failures": 0,  # dask blames neighbours too: `_survived` judges
    "distributed.worker.memory.target": False,  # results are small: nothing to spill, and a worker
    "distributed.worker.memory.spill": False,  # that pauses at its limit would wait for ever
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
}


def _quiet(line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """Who does the work.

    Attributes:
        progress: is called with how it goes.
        workers: local processes, one thread each; 0 for this very process; None for a single one,
            and one per core if the work is long.
        scheduler: address of an existing cluster, `tcp://host:port`, instead. Its workers have one
            thread each, a nanny and their own memory limit.
        worker_bytes: a local worker that grows beyond it, or beyond its share of the machine, is
            ended and replaced; None for its share.
        isolated: whether the work may kill its process: then this one does none, unless it is told.
        say: called with a line about who does the work.
    """

    progress: ProgressCallback
    workers: int | None = None
    scheduler: str | None = None
    worker_bytes: int | None = None
    isolated: bool = False
    say: Callable[[str], None] = _quiet


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
        _results(cluster, task, iter(items), rows)
    ) as results:  # Ctrl-C in the loop closes workers, too
        for counts in results:
            statuses.update(counts)
            note = ", ".join(f"{name} {count}" for name, count in sorted(statuses.items()))
            cluster.progress(statuses.total(), rows, note)


def _results(
    cluster: ClusterConfig, task: Task, items: Iterator[Any], rows: int
) -> Generator[Mapping[str, int], None, None]:
    if cluster.workers == 0:
        for item in items:  # not by map, which a StopIteration of the task would end
            yield task(item)
        return
    if cluster.workers is None and cluster.scheduler is None:
        yield from _begun_alone(cluster, task, items, rows)
    for first in islice(items, 1):
        yield from _of_workers(cluster, task, chain([first], items))


def _begun_alone(
    cluster: ClusterConfig, task: Task, items: Iterator[Any], rows: int
) -> Generator[Mapping[str, int], None, None]:
    """Do items in a single process, as long as the rest is not worth the start of workers.

    How fast it is shows from the second item on: the first one has imports in it. On a machine with
    other work, workers take longer to start, too, by about its load.
    """
    cores, done, began = os.cpu_count() or 1, list[int](), 0.0
    with _one_process(cluster, task) as work:
        for item in items:
            counts = work(item)
            yield counts
            done.append(sum(counts.values()))
            if len(done) == 1:
                began = time.monotonic()
                continue
            pace_s = (time.monotonic() - began) / max(sum(done[1:]), 1)
            left_s = pace_s * (rows - sum(done))
            busy = max(1.0, os.getloadavg()[0] / cores)
            if left_s * (1 - 1 / cores) > _START_UP_S * busy:
                cluster.say(f"about {left_s:.0f} s left for one process: {cores} workers take over")
                return
    if done:
        cluster.say("done by one process: too little work for several (--workers asks for them)")


@contextmanager
def _one_process(
    cluster: ClusterConfig, task: Task
) -> Iterator[Callable[[Any], Mapping[str, int]]]:
    """Give what does an item: this process or, for work that may kill it, one beside it."""
    if not cluster.isolated:
        yield task
        return
    assert cluster.worker_bytes is not None
    worker, deaths = LoneWorker(task, cluster.worker_bytes), 0

    def start() -> None:
        with interrupts_put_off(), deaf_to_interrupts():
            worker.start()

    def work(item: object) -> Mapping[str, int]:
        nonlocal deaths
        while (counts := worker.do(item)) is None:
            worker.close()
            deaths += 1
            if deaths > _MOST_DEATHS:
                raise _too_many_deaths(deaths)
            start()
        return counts

    try:
        start()
        yield work
    finally:
        worker.close()


def _too_many_deaths(deaths: int) -> ResourceError:
    return ResourceError(
        "workers",
        f"died {deaths} times. Finished shards are safe. "
        "Use fewer --workers or lower max_pixels, and run again.",
    )


def _of_workers(
    cluster: ClusterConfig, task: Task, items: Iterator[Any]
) -> Iterator[Mapping[str, int]]:
    """Do items on a cluster.

    Raises:
        TryLaterError: if it is lost.
    """
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
                raise _too_many_deaths(len(dead)) from error
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
        with interrupts_put_off():
            with deaf_to_interrupts():
                local = LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    memory_limit=min(cluster.worker_bytes or MEMORY_LIMIT, MEMORY_LIMIT // workers),
                    dashboard_address=_DASHBOARD,
                    silence_logs=logging.CRITICAL,
                )
            cluster = stack.enter_context(closed_whole(local))
            client = stack.enter_context(closed_whole(Client(cluster)))
        yield client
