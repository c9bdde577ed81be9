"""Checks early that the splits which a run will need are not empty."""

from collections.abc import Mapping
from pathlib import Path

from errors import DataError

ALL = "all"
"""Instead of a split: every row."""


def require_splits(
    where: Path, counts: Mapping[str, int], needed: Mapping[str, str], rows: str
) -> None:
    """Refuse a dataset in which a split that is needed has no row.

    Args:
        where: the output that was counted.
        counts: split -> rows.
        needed: split, or ALL -> what needs it, such as the key in params.yaml that names it.
        rows: what was counted, such as 'usable faces'.

    Raises:
        DataError: naming the split, who needs it, and what there is.
    """
    known = {split: count for split, count in counts.items() if count}
    for split, needing in needed.items():
        if split not in known and not (split == ALL and known):
            listed = ", ".join(f"{name} {count:,}" for name, count in known.items())
            raise DataError(
                where,
                f"0 {rows} in split {split}, which is needed: {needing}. There are: "
                f"{listed or 'none'}. Change that key, or the dataset's splits (section index).",
            )
