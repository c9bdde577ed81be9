"""What all stages that fill a store of arrays have in common.

Resume, run the pending shards, write the table, publish.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from errors import DataError
from pipeline.cluster import Crew, run
from store.building import building, is_built
from store.records import Status
from store.shards import Layout, create_arrays, pending, write_shard, write_status
from store.tables import Row

Blocks = dict[str, NDArray[Any]]
Notes = dict[str, Sequence[object]]


class Work(Protocol):
    """Compute the rows of one shard: importable, picklable, a function of its arguments alone."""

    def __call__(self, span: range, rows: list[Row]) -> tuple[Blocks, Notes]:
        """Return every array's block and the notes, which hold at least 'status'."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A store to be filled.

    Attributes:
        out: where it goes.
        fingerprint: everything that decides its bytes.
        about: card of the dataset, carried on.
        layout: its arrays.
        rows: the input's table, one row a sample; the output's table adds the notes.
        max_bad: at most this share of rows may end with another status than ok.
        left_out: columns of `rows` that the work needs and the output's table does not keep.
    """

    out: Path
    fingerprint: Mapping[str, Any]
    about: Mapping[str, Any]
    layout: Layout
    rows: list[Row]
    max_bad: float
    left_out: frozenset[str] = frozenset()


def build(plan: Plan, work: Work, crew: Crew, rebuild: bool = False) -> bool:
    """Fill the store, or go on where an interrupted run stopped.

    Returns:
        False if it was there already.

    Raises:
        DataError: if more than `max_bad` of the rows went wrong; finished shards stay, nothing is
            published.
        OutputExistsError, TryLaterError: see store.building.
    """
    if not rebuild and is_built(plan.out, plan.fingerprint):
        return False
    layout = plan.layout
    with building(plan.out, plan.fingerprint, plan.about, layout.as_json()) as folder:
        create_arrays(folder, layout)
        items = [
            (shard, [plan.rows[row] for row in layout.span(shard)])
            for shard in pending(folder, layout)
        ]
        run(
            crew,
            partial(_do, folder.resolve(), layout, work),
            items,
            sum(len(rows) for _, rows in items),
        )
        kept = [{key: row[key] for key in row if key not in plan.left_out} for row in plan.rows]
        counts = write_status(folder, layout, kept)
        _refuse_too_many(plan, counts)
    return True


def _do(folder: Path, layout: Layout, work: Work, item: tuple[int, list[Row]]) -> dict[str, int]:
    shard, rows = item
    blocks, notes = work(layout.span(shard), rows)
    write_shard(folder, layout, shard, blocks, notes)
    statuses, counts = np.unique([str(status) for status in notes["status"]], return_counts=True)
    return dict(zip(statuses.tolist(), counts.tolist(), strict=True))


def _refuse_too_many(plan: Plan, counts: Mapping[str, int]) -> None:
    total = sum(counts.values())
    bad = total - counts.get(Status.OK, 0)
    if bad > plan.max_bad * total:
        listed = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        stage = plan.fingerprint["stage"]
        raise DataError(
            plan.out,
            f"{bad} of {total} samples failed ({listed}), "
            f"more than {stage}.max_bad = {plan.max_bad:g} allows. "
            "Finished work is kept aside. "
            f"Look at the pictures, or raise {stage}.max_bad and run again.",
        )
