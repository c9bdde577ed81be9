"""Workers: a local dask cluster by default, an existing one by address. A task is a whole shard."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from errors import ResourceError, TryLaterError, UsageError

Tell = Callable[[int, int, str], None]
"""(done, total, note): called as work goes on."""

Task = Callable[[Any], Mapping[str, int]]
"""One item of work -> how many rows ended with each status."""


_ANSWER_WITHIN_S = 10
_DASHBOARD = "127.0.0.1:0"
"""Any free port, seen from here only.

With None, distributed takes 8787, and complains when a second run finds it taken.
"""


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
        TryLaterError: if no cluster answers, or it is lost.
        UsageError: if the scheduler's address is none.
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
        for item in items:
            yield task(item)
        return
    from distributed import CancelledError, as_completed
    from distributed.scheduler import KilledWorker

    with _client(crew) as client:
        try:
            for future in as_completed(client.map(task, items, pure=False)):
                yield future.result()
                future.release()
        except KilledWorker as error:
            raise ResourceError(
                "workers",
                "died several times at the same shard. "
                "Finished shards are safe. Use fewer --workers.",
            ) from error
        except CancelledError as error:
            raise TryLaterError(
                crew.scheduler or "workers",
                "the cluster was lost. Finished shards are safe. Run again to go on.",
            ) from error


@contextmanager
def _client(crew: Crew) -> Iterator[Any]:
    from distributed import Client, LocalCluster
    from distributed.comm import get_address_host_port

    logging.getLogger("distributed").setLevel(logging.ERROR)
    if crew.scheduler is not None:
        try:
            get_address_host_port(crew.scheduler)
        except ValueError as error:
            raise UsageError(
                "--scheduler", f"needs an address such as tcp://host:8786; {error}."
            ) from error
        try:
            client = Client(crew.scheduler, timeout=_ANSWER_WITHIN_S)
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
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=_DASHBOARD
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
