"""The input of stage `train`: three stores whose rows are the same samples."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from contracts.labels import LabelSet
from errors import DataError, NoInputError, UsageError
from store.reading import VALENCE_AROUSAL, Store
from train.data.splits import splits_of
from train.params import TrainParams

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of one dataset; row n of each belongs to the same face.

    Attributes:
        faces: store of stage align.
        landmarks: store of stage landmark.
        heatmaps: store of stage heatmap; None for a run that reads none.
        restored: store of stage restore; None unless the method reads latents.
        fold: which part is tested in cross-validation; None for the splits of the index.
    """

    faces: Store
    landmarks: Store
    heatmaps: Store | None
    restored: Store | None = None
    fold: int | None = None

    @classmethod
    def open(
        cls, faces: Path, landmarks: Path, heatmaps: Path | None, restored: Path | None = None
    ) -> "Stores":
        """Open them.

        Raises:
            DataError: if they do not have the same number of rows.
            UsageError: if the heatmaps are of a kind with several maps per face.
            NoInputError: if `restored` is the output of another stage.
        """
        maps, freed = (Store(one) if one else None for one in (heatmaps, restored))
        if freed is not None and "latents" not in freed.layout.arrays:
            raise NoInputError(freed.path, "holds no latents. Name the output of `restore`.")
        stores = cls(Store(faces), Store(landmarks), maps, freed)
        for other in (stores.landmarks, maps, freed):
            if other is not None and len(other) != len(stores.faces):
                raise DataError(
                    other.path,
                    f"has {len(other)} rows, {faces} has {len(stores.faces)}. Run `dvc repro`.",
                )
        if maps is not None and len(maps.array("map").shape) != 3:
            raise UsageError(
                maps.path,
                f"kind {maps.metadata['kind']} has several maps per face; "
                "training takes a kind with one, such as au.",
            )
        return stores

    def usable_rows(self, split: str) -> NDArray[np.int64]:
        """Return the rows of a split that hold a face, ascending."""
        usable_N = self.faces.array("valid").load() == 1
        return np.flatnonzero(usable_N & (splits_of(self.faces, self.fold) == split))

    @property
    def shown(self) -> Store:
        """The faces that the model sees: restored ones, if the method reads latents."""
        return self.faces if self.restored is None else self.restored

    def digests(self) -> dict[str, str]:
        """Return the digest of each store, which identifies its content."""
        stores = {"faces": self.faces, "landmarks": self.landmarks}
        others = {"heatmaps": self.heatmaps, "restored": self.restored}
        read = {name: store for name, store in others.items() if store is not None}
        return {name: store.digest for name, store in {**stores, **read}.items()}


def read_valence_arousal(faces: Store) -> NDArray[np.float32] | None:
    """Return valence and arousal of all faces, (N, 2), NaN where not known; None without any."""
    if VALENCE_AROUSAL not in faces.layout.arrays:
        return None
    return np.asarray(faces.array(VALENCE_AROUSAL).load(), np.float32)


def check_added_heads(params: TrainParams, faces: Store) -> None:
    """Refuse added heads that learn what the dataset does not bring.

    Raises:
        UsageError: naming the key.
    """
    missing = [name for name in params.heads if name not in faces.layout.arrays]
    if missing:
        raise UsageError(
            "train.heads",
            f"has {', '.join(missing)}, which no face of {faces.path} has. Let the dataset bring "
            "the values (docs/datasets.md) and run `dvc repro`, or set it to []; for one dataset "
            "alone under datasets.<name>.train.",
        )


def expression_ids(table: "pl.DataFrame", labels: LabelSet) -> NDArray[np.int64]:
    """Return the class id of every row of a status table."""
    return np.array(labels.ids(table["expression"].to_list()), np.int64)
