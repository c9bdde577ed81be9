"""What a dataset itself says of its faces, as arrays of stage `align`: landmarks, action units, ...

A dataset that says nothing of a kind has no array of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from contracts.files import VALENCE_AROUSAL_COLUMNS
from contracts.labels import LabelSet
from pipeline import array_attributes as described
from pipeline.faces.warp import transform_points
from store.layout import ArraySpec
from store.reading import AU_INTENSITY, LABEL_SHARES, VALENCE_AROUSAL
from store.records import Face, Status
from store.tables import Row

if TYPE_CHECKING:
    import polars as pl

F32 = NDArray[np.float32]
SAID = (AU_INTENSITY, LABEL_SHARES, VALENCE_AROUSAL)
"""Arrays that hold of a face however its picture is changed."""
GIVEN = "given"
"""Array of the dataset's own landmarks."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What a dataset says of any of its faces.

    Attributes:
        landmarks: whether it brings points of its own.
        units: FACS numbers of the action units that were coded in it, in the order of `aus`.
        classes: that have shares in several people's labels, in the order of `shares`.
        valence_arousal: whether it says how pleasant and how excited faces look.
    """

    landmarks: bool = False
    units: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()
    valence_arousal: bool = False

    @classmethod
    def of(cls, metadata: Mapping[str, Any], table: "pl.DataFrame") -> "Brought":
        """Take it from the metadata of an index and its table."""
        labels = LabelSet.model_validate(metadata["labels"])
        landmarks, shares = (bool((table[name] != "").any()) for name in ("landmarks", "shares"))
        rated = bool(metadata.get("valence_arousal"))
        return cls(landmarks, tuple(metadata["units"]), labels.names if shares else (), rated)

    def arrays(self) -> dict[str, ArraySpec]:
        """Return its arrays."""
        found = {}
        if self.landmarks:
            found[GIVEN] = ArraySpec((68, 2), "float32", described.GIVEN_POINTS)
        if self.units:
            attributes = described.au_attributes(self.units)
            found[AU_INTENSITY] = ArraySpec((len(self.units),), "float32", attributes)
        if self.classes:
            attributes = described.share_attributes(self.classes)
            found[LABEL_SHARES] = ArraySpec((len(self.classes),), "float32", attributes)
        if self.valence_arousal:
            found[VALENCE_AROUSAL] = ArraySpec((2,), "float32", described.VALENCE_AROUSAL)
        return found

    def cells(self, row: Row, face: Face) -> dict[str, F32]:
        """Return what these arrays hold of one face; NaN where the dataset says nothing.

        Args:
            row: of the index.
            face: as it was aligned.
        """
        found = {}
        if self.landmarks:
            found[GIVEN] = _given(row, face)
        if self.units:
            found[AU_INTENSITY] = _numbers(row["aus"], len(self.units))
        if self.classes:
            found[LABEL_SHARES] = _numbers(row["shares"], len(self.classes))
        if self.valence_arousal:
            found[VALENCE_AROUSAL] = _valence_arousal(row)
        return found


def _given(row: Row, face: Face) -> F32:
    """Map the dataset's own landmarks through the alignment."""
    if face.status != Status.OK or not row["landmarks"]:
        return np.full((68, 2), np.nan, np.float32)
    points = np.array(row["landmarks"].split(), float).reshape(68, 2)
    return transform_points(points, np.asarray(face.matrix_23, float)).astype(np.float32)


def _numbers(field: str, count: int) -> F32:
    """Return the numbers in a field of the index; NaN where it is empty."""
    return np.array(field.split() or ["nan"] * count, np.float32)


def _valence_arousal(row: Row) -> F32:
    """Return both; NaN unless both are known."""
    values_2 = np.array([row[name] or "nan" for name in VALENCE_AROUSAL_COLUMNS], np.float32)
    return values_2 if np.isfinite(values_2).all() else np.full_like(values_2, np.nan)
