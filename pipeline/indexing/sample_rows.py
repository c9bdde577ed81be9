"""The rows of the index's table: one per sample, all text."""

import math
from collections.abc import Mapping, Sequence

from contracts.files import INDEX_COLUMNS, OWN_COLUMNS
from contracts.labels import LabelSet
from store.records import Sample


def sample_row(
    sample: Sample, units: Sequence[int], digest: str, labels: LabelSet
) -> dict[str, object]:
    """Return a sample's row.

    Args:
        sample: what its dataset says of it.
        units: FACS numbers of the units that were coded in the dataset, in the order of `aus`.
        digest: of the picture.
        labels: the classes.
    """
    attributes = {_own_name(name): value for name, value in sample.attributes.items()}
    return {
        **attributes,
        "id": sample.id,
        "path": sample.path,
        "expression": labels.names[sample.expression],
        "split": sample.split,
        "fold": sample.fold,
        "person": sample.person,
        "box": _joined(sample.box),
        "landmarks": _joined(sample.landmarks),
        "aus": _intensities(sample, units),
        "shares": _joined(sample.shares and sample.shares.of_K),
        "digest": digest,
    }


def attribute_columns(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the columns that came with the dataset, sorted."""
    return sorted({name for row in rows for name in row} - {*INDEX_COLUMNS})


def _own_name(attribute: str) -> str:
    """Return the column of an attribute: `dataset_<name>` if AULens has a column of its name."""
    return f"dataset_{attribute}" if attribute in OWN_COLUMNS else attribute


def _joined(numbers: Sequence[float] | None) -> str:
    return " ".join(f"{number:.10g}" for number in numbers or ())


def _intensities(sample: Sample, units: Sequence[int]) -> str:
    """Return one intensity per unit, nan where it was not coded; empty if none was."""
    if sample.aus is None:
        return ""
    return " ".join(f"{sample.aus.get(unit, math.nan):.5g}" for unit in units)
