"""Training curves on disk, one table per metric, where `dvc plots` and the report read them.

curves/plots/metrics/val/accuracy.tsv    epochs trained, value
curves/metrics.json                      the newest row, for `dvc metrics`
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Row = Mapping[str, float]
EPOCH, STEP = "epoch", "step"
"""Keys of every row beside its metrics: epochs and steps trained."""


class MetricsLog:
    """One row per validation."""

    def __init__(self, folder: Path, history: Iterable[Row]) -> None:
        """Start the log again with the rows of the checkpoint.

        Args:
            folder: where the log is; rows written after the last checkpoint are dropped.
            history: rows up to the checkpoint.
        """
        self._folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for row in history:
            self.log(row)

    def log(self, row: Row) -> None:
        """Add a row."""
        summary: dict[str, Any] = {EPOCH: row[EPOCH], STEP: row[STEP]}
        for name, value in metrics_of(row).items():
            path = self._folder / "plots" / "metrics" / f"{name}.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            *groups, leaf = name.split("/")
            if not path.exists():
                path.write_text(f"{EPOCH}\t{leaf}\n")
            with path.open("a") as table:
                table.write(f"{row[EPOCH]:.8g}\t{value!r}\n")
            place = summary
            for group in groups:
                place = place.setdefault(group, {})
            place[leaf] = value
        (self._folder / "metrics.json").write_text(json.dumps(summary, indent=1) + "\n")


def metrics_of(row: Row) -> dict[str, float]:
    """Return a row without its position."""
    return {name: value for name, value in row.items() if name not in (EPOCH, STEP)}
