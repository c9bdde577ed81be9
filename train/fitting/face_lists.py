"""Tables of faces that a run writes: those of skipped steps, and those with a changed label."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from store.tables import write_table

if TYPE_CHECKING:
    import polars as pl

SKIPPED, RELABELLED = "skipped.csv", "relabelled.csv"


def write_skipped(folder: Path, skipped: Sequence[Mapping[str, object]]) -> None:
    """Write epoch, step and id of every face in a skipped step; no file if there is none."""
    file = folder / SKIPPED
    if skipped:
        write_table(file, ["epoch", "step", "id"], skipped)
    else:
        file.unlink(missing_ok=True)


def write_relabelled(
    folder: Path,
    table: "pl.DataFrame",
    changed: Sequence[tuple[int, int]],
    names: Sequence[str],
) -> None:
    """Write the faces whose label was changed.

    Args:
        folder: of the run.
        table: status table of the faces.
        changed: row and new label of each.
        names: of the classes.
    """
    kept = table.select("id", "expression")
    rows = [{**kept.row(row, named=True), "now": names[label]} for row, label in changed]
    write_table(folder / RELABELLED, ["id", "expression", "now"], rows)
