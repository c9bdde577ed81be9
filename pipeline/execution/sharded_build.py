"""Fills a store of arrays shard by shard; all stages that write arrays use it.

Resume, run the pending shards, write the table, publish.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import chain, repeat
from pathlib import Path

import numpy as np

from contracts.files import STATUS
from errors import DataError, printable
from pipeline.execution.cluster import ClusterConfig, run
from pipeline.execution.crash_journal import Cells, Journal, OpenRowWork, compute_rows, journal_path
from pipeline.execution.isolated import RowLimits
from store.build_plans import Blocks, BuildPlan, Notes, ShardWork
from store.building import building, is_built
from store.files import atomic_write
from store.layout import Layout
from store.records import Status
from store.shards import create_arrays, pending_shards, read_notes, write_shard, write_status
from store.tables import Row

Item = tuple[int, list[Row]]
"""A shard and its rows of the input's table."""


def build(plan: BuildPlan, work: ShardWork, cluster: ClusterConfig, rebuild: bool = False) -> bool:
    """Fill the store, or go on where an interrupted run stopped.

    For work on arrays that AULens made itself; for pictures of others see `build_rows`.

    Returns:
        False if it was there already.

    Raises:
        DataError: if more than `max_bad` of the rows went wrong; finished shards stay, nothing is
            published.
        OutputExistsError, TryLaterError: see store.building.
    """
    return _fill(plan, partial(_build_shard, plan.layout, work), cluster, rebuild)


def build_rows(
    plan: BuildPlan,
    open_rows: OpenRowWork,
    limits: RowLimits,
    cluster: ClusterConfig,
    rebuild: bool = False,
) -> bool:
    """Fill the store row by row; a row that kills or hangs its worker is found and set aside.

    With `cluster.workers` 0 it ends this very process instead, and is found by the next run.

    Args:
        plan: as for `build`.
        open_rows: the work.
        limits: what one row may take.
        cluster: who.
        rebuild: replace whatever is there.

    Returns:
        False if it was there already.
    """
    limits = replace(limits, in_driver=cluster.workers == 0)
    cluster = replace(cluster, worker_bytes=limits.memory_bytes, isolated=True)
    return _fill(
        plan, partial(_build_shard_by_rows, plan.layout, open_rows, limits), cluster, rebuild
    )


def _fill(
    plan: BuildPlan,
    do: Callable[[Path, Item], dict[str, int]],
    cluster: ClusterConfig,
    rebuild: bool,
) -> bool:
    if not rebuild and is_built(plan.out, plan.fingerprint):
        return False
    layout = plan.layout
    with building(plan.out, plan.fingerprint, plan.metadata, layout.as_json()) as folder:
        create_arrays(folder, layout)
        if pending := pending_shards(folder, layout):
            items = ((shard, _rows(plan, shard)) for shard in pending)  # made as they are needed
            run(
                cluster,
                partial(do, folder.resolve()),
                items,
                sum(len(layout.span(shard)) for shard in pending),
            )
        for name, content in plan.files.items():
            atomic_write(folder / name, content)
        write_status(folder, layout, plan.table.drop(*plan.left_out).iter_rows(named=True))
        _refuse_too_many(plan, folder)
    return True


def _rows(plan: BuildPlan, shard: int) -> list[Row]:
    span = plan.layout.span(shard)
    return plan.table[span.start : span.stop].rows(named=True)


def _build_shard(layout: Layout, work: ShardWork, folder: Path, item: Item) -> dict[str, int]:
    shard, rows = item
    if read_notes(folder, shard) is None:
        write_shard(folder, layout, shard, *work(layout.span(shard), rows))
    return _counts(folder, shard)


def _build_shard_by_rows(
    layout: Layout, open_rows: OpenRowWork, limits: RowLimits, folder: Path, item: Item
) -> dict[str, int]:
    shard, rows = item
    journal = Journal(journal_path(folder, shard))
    with closing(journal):
        # A worker that dies just after a commit takes with it only the news of it.
        if read_notes(folder, shard) is None:
            cells = compute_rows(open_rows, limits, journal, layout.span(shard), rows)
            write_shard(folder, layout, shard, *_stacked(cells))
    journal.path.unlink(missing_ok=True)
    return _counts(folder, shard)


def _stacked(cells: Sequence[Cells]) -> tuple[Blocks, Notes]:
    arrays, notes = cells[0]
    return (
        {name: np.stack([blocks[name] for blocks, _ in cells]) for name in arrays},
        {name: [said[name] for _, said in cells] for name in notes},
    )


def _counts(folder: Path, shard: int) -> dict[str, int]:
    """Count the statuses of a committed shard."""
    return dict(Counter(_statuses(folder, shard)))


def _statuses(folder: Path, shard: int) -> list[str]:
    notes = read_notes(folder, shard)
    assert notes is not None
    return notes["status"]


def _refuse_too_many(plan: BuildPlan, folder: Path) -> None:
    """Refuse a store in which too many rows went wrong; earlier stages' failures do not count."""
    statuses = (_statuses(folder, shard) for shard in range(plan.layout.shards))
    table = plan.table
    before = table["status"] if "status" in table.columns else repeat(Status.OK, len(table))
    bad = [
        (name, status)
        for name, old, status in zip(
            table["id"], before, chain.from_iterable(statuses), strict=True
        )
        if old == Status.OK and status not in (Status.OK, *plan.no_failures)
    ]
    if len(bad) > plan.max_bad * len(table):
        reasons = Counter(status for _, status in bad)
        listed = ", ".join(f"{name} {count}" for name, count in sorted(reasons.items()))
        stage = plan.fingerprint["stage"]
        raise DataError(
            plan.out,
            f"{len(bad)} of {len(table)} samples failed ({listed}; the first is "
            f"'{printable(bad[0][0])}'), more than {stage}.max_bad = {plan.max_bad:g} allows. "
            f"Finished work is kept; {folder / STATUS} lists them. "
            f"Look at the pictures, or raise {stage}.max_bad and run again.",
        )
