"""Names of files, columns of tables, and how a JSON file is read as its model."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from errors import DataError

MANIFEST = "MANIFEST.json"
"""Of every finished output: what it was made of, and the SHA-256 of each file."""
STATUS = "status.csv"
"""Of a store: one row per sample."""
RUN = "run.json"
"""Of stage train: RunCard."""
DRAWN_CURVES = "curves/plots/metrics"
"""Of stage train: one table per learning curve."""
SCORES = "scores.json"
"""Of stage evaluate: Scores."""
METRICS = "metrics.json"
"""Of stage evaluate: the main scores, for `dvc metrics` and `dvc exp show`."""
PREDICTIONS = "predictions.csv"
"""Of stage evaluate: one row per face."""
FACES = "faces.npz"
"""Of stage evaluate: the numbers per face that scores follow from, see measures.faces."""
CURVES = "curves.json"
"""Of stage evaluate: LearningCurves of the run."""
MEAN_MAPS = "maps.npz"
"""Of stage evaluate: mean maps per expression."""
SHEET = "sheet.npz"
"""Of stage evaluate: a few faces with their maps."""
ALL_MAPS = "maps.h5"
"""Of stage evaluate: the maps of every face, if evaluate.save_maps is on."""
EXAMINATION = "examination.json"
"""Of command examine: Examination."""
EXPORT_CARD = "model.json"
"""Of export-model: ExportCard."""

INDEX_COLUMNS = (
    *("id", "path", "expression", "split", "fold", "person", "box", "landmarks", "aus"),
    *("shares", "digest"),
)
"""What stage index writes for every sample."""
STATUS_COLUMNS = {
    "index": INDEX_COLUMNS,
    "align": ("status", "detail", "backend", "faces", "inside_fraction"),
    "landmark": ("status", "backend"),
    "heatmap": ("status",),
    "occlude": ("status", "occluder", "occluded_share"),
}
"""Stage -> the columns that it writes into a status table."""
VALENCE_AROUSAL_COLUMNS = ("valence", "arousal")
"""Attributes that say how pleasant and how excited a face looks, from -1 to 1: targets, too."""
OCCLUDED = "occluded"
"""Attribute that stage evaluate adds to the scored faces: yes or no."""
OWN_COLUMNS = frozenset(
    {OCCLUDED, *(name for columns in STATUS_COLUMNS.values() for name in columns)}
)
"""What no attribute of a dataset may be called; index stores one under `dataset_<name>` instead."""

Model = TypeVar("Model", bound="Contract")


class Contract(BaseModel):
    """One JSON file, or a part of one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def read_contract(model: type[Model], file: Path, remedy: str) -> Model:
    """Read a JSON file as its model.

    Args:
        model: what the file should hold.
        file: path.
        remedy: a sentence: what to do if it does not fit.

    Raises:
        DataError: if it does not fit, naming the first keys that do not.
    """
    try:
        return model.model_validate_json(file.read_bytes())
    except ValidationError as error:
        keys = dict.fromkeys(".".join(map(str, one["loc"])) for one in error.errors())
        raise DataError(
            file, f"is not of this version of AULens (keys: {', '.join(keys):.80}). {remedy}"
        ) from error
