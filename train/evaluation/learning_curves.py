"""The learning curves of a run, as train.fitting.metrics_log leaves them."""

import math
from pathlib import Path

from contracts.scores import LearningCurve

FOLDER = Path("curves", "plots", "metrics")


def read_curves(run: Path) -> dict[str, LearningCurve]:
    """Return every curve of a run, by metric, as 'train/loss'; {} if it keeps none.

    A value that is not finite is left out, as JSON has no word for it.
    """
    folder = run / FOLDER
    return {
        file.relative_to(folder).with_suffix("").as_posix(): _read(file)
        for file in sorted(folder.rglob("*.tsv"))
    }


def _read(file: Path) -> LearningCurve:
    rows = [line.split("\t") for line in file.read_text().splitlines()[1:]]
    known = [(float(row[0]), float(row[-1])) for row in rows if math.isfinite(float(row[-1]))]
    return LearningCurve(epochs=[epoch for epoch, _ in known], values=[value for _, value in known])
