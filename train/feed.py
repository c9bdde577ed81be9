"""Batches from the memory-mapped stores: uint8 pictures and maps.

Their order depends on (seed, epoch) alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from anatomy.expressions import EXPRESSIONS
from errors import DataError
from store.reading import Store


@dataclass(frozen=True, slots=True)
class Raw:
    """A batch as stored. Shapes: S side of a picture, s side of a map."""

    rows_B: NDArray[np.int64]
    images_BSS3: Tensor
    maps_Bss: Tensor
    valid_B: Tensor
    labels_B: Tensor


class Feed:
    """The faces of one split with their heatmaps."""

    def __init__(self, faces: Store, heatmaps: Store, split: str, batch: int) -> None:
        """Open a split.

        Args:
            faces: store of stage align.
            heatmaps: store of stage heatmap, made from the same faces.
            split: train, val or test.
            batch: samples a batch; the last one of an epoch may be smaller.

        Raises:
            DataError: if the stores do not belong together, or no face of the split is usable.
        """
        if len(faces) != len(heatmaps):
            raise DataError(
                heatmaps.path,
                f"has {len(heatmaps)} rows, {faces.path} has {len(faces)}. Run `dvc repro`.",
            )
        table = faces.table()
        self._images, self._maps = faces.array("image"), heatmaps.array("map")
        self._valid = heatmaps.array("valid").all()
        self._labels = np.array([EXPRESSIONS.index(row["expression"]) for row in table], np.int64)
        usable = faces.array("valid").all() == 1
        self.rows_N = np.flatnonzero(usable & (np.array([row["split"] for row in table]) == split))
        self._batch = batch
        if not len(self.rows_N):
            raise DataError(
                faces.path,
                f"no usable face in split {split}. Look at status.csv and at the splits in index.",
            )

    def __len__(self) -> int:
        """Batches an epoch."""
        return -(-len(self.rows_N) // self._batch)

    def shuffled(self, seed: int, epoch: int) -> Iterator[Raw]:
        """Yield every face once, in the order of this epoch."""
        return self._in_batches(np.random.default_rng([seed, epoch]).permutation(self.rows_N))

    def in_order(self) -> Iterator[Raw]:
        """Yield every face once, by row."""
        return self._in_batches(self.rows_N)

    def _in_batches(self, rows_N: NDArray[np.int64]) -> Iterator[Raw]:
        for start in range(0, len(rows_N), self._batch):
            rows_B = rows_N[start : start + self._batch]
            yield Raw(
                rows_B,
                torch.from_numpy(self._images.take(rows_B)),
                torch.from_numpy(self._maps.take(rows_B)),
                torch.from_numpy(self._valid[rows_B] == 1),
                torch.from_numpy(self._labels[rows_B]),
            )
