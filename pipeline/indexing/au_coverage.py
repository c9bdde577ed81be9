"""Which action units were coded on the pictures of a dataset, and on how many."""

from collections.abc import Sequence

from anatomy.codebooks import CODEBOOKS
from contracts.surveys import AUCoverage, Counts
from store.records import Sample

Units = tuple[int, ...]


def coded_units(samples: Sequence[Sample]) -> Units:
    """Return the units that were coded on at least one picture, ascending."""
    return tuple(sorted({unit for one in samples for unit in one.aus or ()}))


def coverage(samples: Sequence[Sample], missing: Counts, unused_rows: int) -> AUCoverage | None:
    """Count the pictures with units of their own; None if there are none at all.

    Args:
        samples: of the dataset.
        missing: reason -> pictures without, where a table was joined.
        unused_rows: of that table.
    """
    units = coded_units(samples)
    if not units:
        return None
    return AUCoverage(
        units=list(units),
        coded=sum(one.aus is not None for one in samples),
        active=sum(any(value > 0 for value in (one.aus or {}).values()) for one in samples),
        total=len(samples),
        missing=missing,
        unused_rows=unused_rows,
    )


def coverage_remarks(found: AUCoverage | None) -> list[str]:
    """Return the sentences that tell the user about the pictures' own action units."""
    if found is None:
        return []
    named = " ".join(map(str, found.units))
    lines = [f"own action units (AU{named}): coded on {found.coded:,} of {found.total:,} pictures"]
    if idle := found.coded - found.active:
        lines[0] += f", on {idle:,} of them none acts"
    if found.missing:
        reasons = ", ".join(f"{count:,} {why}" for why, count in sorted(found.missing.items()))
        lines.append(f"pictures without own action units: {reasons}")
    if found.unused_rows:
        lines.append(f"{found.unused_rows:,} rows of the AU table fit no picture")
    drawn = {unit for book in CODEBOOKS.values() for unit in book.units}
    if without := [unit for unit in found.units if unit not in drawn]:
        lines.append(f"AU{' '.join(map(str, without))}: kept, not drawn, for it has no region here")
    return lines
