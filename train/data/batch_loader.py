"""Batches from the memory-mapped stores: uint8 pictures and maps, on the device.

Which faces they hold depends on (seed, epoch) alone.
"""

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from errors import DataError, pick
from store.reading import read_points
from train.data.prefetch import SOURCES, Rows
from train.data.row_sources import MAPS
from train.data.samplers import SAMPLERS, cut
from train.data.stores import Stores, labels_of
from train.params import FeedParams
from train.records import Loss


@dataclass(frozen=True, slots=True)
class Raw:
    """A batch as stored, on the device; valid until the next one is asked for.

    Shapes: B faces, S side of a picture, s side of a map.

    Attributes:
        rows_B: of the store, ascending; not on the device.
        images_BSS3: uint8 RGB.
        maps_Bss: uint8, 255 = 1.
        valid_B: whether the map is defined.
        labels_B: expression ids.
        places_B: rows_B, on the device.
        points_B682: landmarks (x, y), the picture's edges at -1 and 1; NaN where there are none.
            None unless they are carried.
    """

    rows_B: NDArray[np.int64]
    images_BSS3: Tensor
    maps_Bss: Tensor
    valid_B: Tensor
    labels_B: Tensor
    places_B: Tensor
    points_B682: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where batches go.

    Attributes:
        device: that trains.
        rank: which of `ranks` processes this one is; each reads its own piece of every batch.
        ranks: how many there are.
    """

    device: torch.device
    rank: int = 0
    ranks: int = 1


class Feed:
    """The faces of one split with their heatmaps."""

    def __init__(
        self, stores: Stores, split: str, batch: int, params: FeedParams, place: Place
    ) -> None:
        """Open a split.

        Args:
            stores: faces, landmarks and heatmaps.
            split: train, val or test.
            batch: faces a batch, of all ranks together; the last one of an epoch may differ.
            params: from where, and which faces an epoch shows.
            place: where to.

        Raises:
            DataError: if no face of the split is usable, or fewer than there are ranks.
            UsageError: if a name is not known.
        """
        usable = stores.faces.array("valid").load() == 1
        table = stores.faces.table()
        splits = np.array([row["split"] for row in table])
        self.rows_N: Rows = np.flatnonzero(usable & (splits == split))
        if len(self.rows_N) < place.ranks:
            raise DataError(
                stores.faces.path,
                f"{len(self.rows_N)} usable faces in split {split} for {place.ranks} processes. "
                "Look at status.csv and at the splits in index.",
            )
        self.labels_N = labels = labels_of(table)
        self._valid = stores.heatmaps.array("valid").load() == 1
        self._landmarks, self._heatmaps = stores.landmarks, stores.heatmaps
        self._carries_points = False
        self._batch, self._place = batch, place
        self._sample = pick(SAMPLERS, params.sampler, "sampler")
        maps = pick(MAPS, params.heatmaps, "origin of heatmaps")(stores, labels)
        columns = (stores.faces.array("image"), maps)
        self._source = pick(SOURCES, params.source, "feed")(
            columns, self.rows_N, params, place.device
        )

    def serve(self, losses: Collection[Loss]) -> None:
        """From now on, give batches what these losses ask for.

        Raises:
            DataError: if no face of the split has it.
        """
        self._carries_points = any(loss.points for loss in losses)
        if self._carries_points and not self._landmarks.array("valid").take(self.rows_N).any():
            raise DataError(
                self._landmarks.path,
                "no face of this split has landmarks, and this method learns by them. Look at "
                "status.csv there; landmark.backend finds them.",
            )
        if any(loss.maps for loss in losses) and not self._valid[self.rows_N].any():
            raise DataError(
                self._heatmaps.path,
                "no face of this split has a heatmap, so an aligned run would be a plain one. "
                "Look at status.csv there; landmark.backend finds the points that maps are of.",
            )

    def __len__(self) -> int:
        """Batches an epoch."""
        return len(self._pieces(self._order(0, 0)))

    def shuffled(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Raw]:
        """Yield the faces that the sampler chooses for this epoch.

        Args:
            seed: of the run.
            epoch: counted from 0.
            skip: begin with this batch.
        """
        return self._batches(self._pieces(self._order(seed, epoch))[skip:])

    def in_order(self) -> Iterator[Raw]:
        """Yield every face once, by row."""
        return self._batches(self._pieces(self.rows_N))

    def _order(self, seed: int, epoch: int) -> Rows:
        rng = np.random.default_rng([seed, epoch])
        return self.rows_N[self._sample(self.labels_N[self.rows_N], rng)]

    def _pieces(self, rows_M: Rows) -> list[Rows]:
        return cut(rows_M, self._batch, (self._place.rank, self._place.ranks))

    def _batches(self, pieces: list[Rows]) -> Iterator[Raw]:
        if not pieces:
            return
        rows_M, lengths = np.concatenate(pieces), [len(rows_B) for rows_B in pieces]
        valid, labels, places = (
            torch.split(torch.from_numpy(column).to(self._place.device), lengths)
            for column in (self._valid[rows_M], self.labels_N[rows_M], rows_M)
        )
        with closing(self._source(pieces)) as source:
            for number, (images, maps) in enumerate(source):
                yield Raw(
                    pieces[number],
                    images,
                    maps,
                    valid[number],
                    labels[number],
                    places[number],
                    self._points(pieces[number]) if self._carries_points else None,
                )

    def _points(self, rows_B: Rows) -> Tensor:
        size_px = self._landmarks.metadata["size_px"]
        edges = (read_points(self._landmarks, rows_B) + 0.5) * (2 / size_px) - 1
        return torch.from_numpy(edges.astype(np.float32)).to(self._place.device)
