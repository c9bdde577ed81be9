"""What is handed to a builder of arrays: a store to be filled, and the work that fills it.

It lies here because stages of `train` plan stores, too, and `pipeline` builds them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from store.layout import Layout
from store.records import Status
from store.tables import Row

if TYPE_CHECKING:
    import polars as pl

Blocks = dict[str, NDArray[Any]]
Notes = dict[str, Sequence[object]]


class ShardWork(Protocol):
    """Compute the rows of one shard: importable, picklable, a function of its arguments alone."""

    def __call__(self, span: range, rows: list[Row]) -> tuple[Blocks, Notes]:
        """Return every array's block and the notes, which hold at least 'status'."""


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """A store to be filled.

    Attributes:
        out: where it goes.
        fingerprint: everything that decides its bytes.
        metadata: of the dataset, carried on.
        layout: its arrays.
        table: of the input, one row per sample; the output's table adds the notes.
        max_bad: at most this share of rows may end with another status than ok.
        left_out: columns of `table` that the work needs and the output's table does not keep.
        no_failures: statuses that do not count against `max_bad`, as an earlier stage let such rows
            pass.
        files: name -> content: what lies beside the arrays.
    """

    out: Path
    fingerprint: Mapping[str, Any]
    metadata: Mapping[str, Any]
    layout: Layout
    table: "pl.DataFrame"
    max_bad: float
    left_out: frozenset[str] = frozenset()
    no_failures: frozenset[Status] = frozenset()
    files: Mapping[str, bytes] = field(default_factory=dict)


Build = Callable[[BuildPlan, ShardWork], bool]
"""Fills a store; False if it was there already."""
