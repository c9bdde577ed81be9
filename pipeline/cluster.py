"""Workers: a local dask cluster by default, any existing one by address. One task is one whole shard."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from errors import ResourceError, TryLaterError

Tell = Callable[[int, int, str], None]
"""(done, total, note): called as work goes on."""

Task = Callable[[Any], Mapping[str, int]]
"""One item of work -> how many rows ended with each status."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who does the work.

    Attributes:
        tell: is told how it goes.
        workers: local processes, one thread each; None for one a core, 0 for this very process.
        scheduler: address of an existing cluster, `tcp://host:port`, instead.
    """

    tell: Tell
    workers: int | None = None
    scheduler: str | None = None


def run(crew: Crew, task: Task, items: Sequence[Any], rows: int) -> None:
    """Do every item, in any order.

    Args:
        crew: who.
        task: importable and picklable; commits its own result and returns a few numbers.
        items: small picklable descriptions of the work.
        rows: how many there are in all items, for the progress bar.

    Raises:
        ResourceError: if workers keep dying.
        TryLaterError: if the cluster is lost.
        ProjectError: whatever a task raises.
    """
    statuses: Counter[str] = Counter()
    for counts in _results(crew, task, items):
        statuses.update(counts)
        note = ", ".join(f"{name} {count}" for name, count in sorted(statuses.items()))
        crew.tell(statuses.total(), rows, note)


def _results(crew: Crew, task: Task, items: Sequence[Any]) -> Iterator[Mapping[str, int]]:
    if not items:
        return
    if crew.workers == 0:
        yield from map(task, items)
        return
    from distributed import as_completed
    from distributed.scheduler import KilledWorker

    with _client(crew) as client:
        try:
            for future in as_completed(client.map(task, items, pure=False)):
                yield future.result()
                future.release()
        except KilledWorker as error:
            raise ResourceError(
                "workers",
                "died several times at the same shard. Finished shards are safe. Use fewer --workers.",
            ) from error


@contextmanager
def _client(crew: Crew) -> Iterator[Any]:
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.ERROR)
    if crew.scheduler is not None:
        try:
            client = Client(crew.scheduler, timeout=10)
        except (OSError, TimeoutError) as error:
            raise TryLaterError(
                crew.scheduler,
                "no dask scheduler answers. Finished shards are safe. Start it and run again.",
            ) from error
        with client:
            yield client
        return
    workers = crew.workers or os.cpu_count() or 1
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client
