"""Batches from the memory-mapped stores: uint8 images and heatmaps, on the device.

The faces of each batch depend only on (seed, epoch).
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from errors import DataError, pick
from store.reading import read_points
from train.data.heatmap_sources import HEATMAP_SOURCES
from train.data.latents import LatentRows
from train.data.prefetch import FETCHERS, Rows
from train.data.samplers import SAMPLERS, split_batches
from train.data.soft_targets import SoftTargets, read_soft_targets
from train.data.stores import Stores, expression_ids, read_valence_arousal
from train.device import send
from train.params import FeedParams
from train.records import Loss


@dataclass(frozen=True, slots=True)
class RawBatch:
    """A batch as stored, on the device; valid until the next one is requested.

    Shapes: B faces, S side of an image, s side of a heatmap.

    Attributes:
        rows_B: of the store, ascending; not on the device.
        images_BSS3: uint8 RGB.
        maps_Bss: uint8, 255 = 1; None if the run reads no heatmaps.
        valid_B: whether the heatmap is defined.
        labels_B: expression ids.
        device_rows_B: rows_B, on the device.
        points_B682: landmarks (x, y), the image's edges at -1 and 1; NaN where there are none.
            None unless a loss needs them.
        latents_BVPD: of the patches of each face and of its mirror image; None unless the method
            reads them.
        shares_BK: soft targets, float32; None if targets are the labels.
        valence_arousal_B2: NaN where they are not known; None unless they are asked for.
    """

    rows_B: NDArray[np.int64]
    images_BSS3: Tensor
    maps_Bss: Tensor | None
    valid_B: Tensor
    labels_B: Tensor
    device_rows_B: Tensor
    points_B682: Tensor | None = None
    latents_BVPD: Tensor | None = None
    shares_BK: Tensor | None = None
    valence_arousal_B2: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where batches go.

    Attributes:
        device: where they are used.
        rank: of this process; each rank reads its own part of every batch.
        world_size: number of processes.
    """

    device: torch.device
    rank: int = 0
    world_size: int = 1


class BatchLoader:
    """The faces of one split with their heatmaps."""

    def __init__(
        self, stores: Stores, split: str, batch_size: int, params: FeedParams, placement: Placement
    ) -> None:
        """Open a split.

        Args:
            stores: faces, landmarks and, if the run reads them, heatmaps.
            split: train, val or test.
            batch_size: faces per batch, over all ranks; the last batch of an epoch may differ.
            params: how rows are read, and which faces an epoch shows.
            placement: device and rank.

        Raises:
            DataError: if the split has no usable face, or fewer than there are ranks.
            UsageError: if a name is not known.
        """
        self.rows_N: Rows = stores.usable_rows(split)
        if len(self.rows_N) < placement.world_size:
            raise DataError(
                stores.faces.path,
                f"{len(self.rows_N)} usable faces in split {split} for "
                f"{placement.world_size} processes. Check status.csv, and the splits in index.",
            )
        self.classes = len(stores.faces.labels)
        self.labels_N = labels = expression_ids(
            stores.faces.table(("expression",)), stores.faces.labels
        )
        self._stores, heatmaps = stores, stores.heatmaps
        self._valid = (
            np.zeros(len(labels), bool) if heatmaps is None else heatmaps.array("valid").load() == 1
        )
        self._with_points = False
        self._soft: SoftTargets | None = None
        self._values_N2: NDArray[np.float32] | None = None
        self._batch_size, self._placement = batch_size, placement
        self._sample = pick(SAMPLERS, params.sampler, "sampler")
        read_maps = pick(HEATMAP_SOURCES, params.heatmaps, "origin of heatmaps")
        maps = [] if heatmaps is None else [read_maps(heatmaps, stores.landmarks, labels)]
        self._latents = (
            None if stores.restored is None else LatentRows(stores.restored.array("latents"))
        )
        latents = [] if self._latents is None else [self._latents]
        sources = (stores.shown.array("image"), *maps, *latents)
        self._fetch = pick(FETCHERS, params.source, "feed")(
            sources, self.rows_N, params, placement.device
        )

    def prepare_for(self, losses: Collection[Loss], soft_targets: bool = False) -> None:
        """From now on, give batches everything that these losses need, and soft targets if asked.

        Raises:
            DataError: if no face of the split has it.
        """
        if soft_targets:
            self._soft = read_soft_targets(self._stores.faces, self.labels_N)
            if not self.soft_faces:
                raise DataError(
                    self._stores.faces.path,
                    "no face of this split has shares of the classes, so a run with train.targets: "
                    "soft would be one with hard. Give its pictures several labels, or set hard.",
                )
        self._with_points = any(loss.needs_points for loss in losses)
        landmarks, heatmaps = self._stores.landmarks, self._stores.heatmaps
        if self._with_points and not landmarks.array("valid").take(self.rows_N).any():
            raise DataError(
                landmarks.path,
                "no face of this split has landmarks, and this method needs them. Check "
                "status.csv there; landmark.backend chooses what finds them.",
            )
        if any(loss.needs_maps for loss in losses) and not self.has_maps:
            raise DataError(
                (heatmaps or self._stores.faces).path,
                "no face of this split has a heatmap, so an aligned run would be a plain one. "
                "Check status.csv there; heatmaps are drawn from what landmark.backend finds.",
            )
        if any(loss.needs_valence_arousal for loss in losses):
            self.carry_valence_arousal()
            if not self.has_values:
                raise DataError(
                    self._stores.faces.path,
                    "no face of this split has a valence and an arousal, which train.heads asks "
                    "for. Let the dataset bring them (docs/datasets.md), or set train.heads to "
                    "[]; for one dataset alone under datasets.<name>.train.",
                )

    def carry_valence_arousal(self) -> None:
        """From now on, give batches valence and arousal, if the faces have any."""
        self._values_N2 = read_valence_arousal(self._stores.faces)

    @property
    def has_values(self) -> bool:
        """Whether batches carry a valence and an arousal of any face of the split."""
        values_N2 = self._values_N2
        return values_N2 is not None and bool(np.isfinite(values_N2[self.rows_N]).all(1).any())

    @property
    def class_counts(self) -> list[int]:
        """Faces of the split per expression."""
        labels_M = self.labels_N[self.rows_N]
        return [int((labels_M == number).sum()) for number in range(self.classes)]

    @property
    def soft_faces(self) -> int:
        """Faces of the split whose soft targets are known; 0 if targets are the labels."""
        return 0 if self._soft is None else int(self._soft.known_N[self.rows_N].sum())

    @property
    def has_maps(self) -> bool:
        """Whether any face of the split has a heatmap."""
        return bool(self._valid[self.rows_N].any())

    def __len__(self) -> int:
        """Batches per epoch."""
        return len(self._split_batches(self._epoch_rows(0, 0)))

    def epoch_batches(self, seed: int, epoch: int, skip: int = 0) -> Iterator[RawBatch]:
        """Yield the faces that the sampler chooses for this epoch.

        Args:
            seed: of the run.
            epoch: from 0.
            skip: number of batches to leave out at the beginning.
        """
        return self._load(self._split_batches(self._epoch_rows(seed, epoch))[skip:])

    def sequential_batches(self) -> Iterator[RawBatch]:
        """Yield every face once, in the order of rows."""
        return self._load(self._split_batches(self.rows_N))

    def _epoch_rows(self, seed: int, epoch: int) -> Rows:
        rng = np.random.default_rng([seed, epoch])
        return self.rows_N[self._sample(self.labels_N[self.rows_N], rng)]

    def _split_batches(self, rows_M: Rows) -> list[Rows]:
        return split_batches(
            rows_M, self._batch_size, self._placement.rank, self._placement.world_size
        )

    def _load(self, batches: list[Rows]) -> Iterator[RawBatch]:
        if not batches:
            return
        rows_M, lengths = np.concatenate(batches), [len(rows_B) for rows_B in batches]

        def divided(values_M: NDArray[Any]) -> Sequence[Tensor]:
            return torch.split(send(torch.from_numpy(values_M), self._placement.device), lengths)

        valid, labels, device_rows = map(
            divided, (self._valid[rows_M], self.labels_N[rows_M], rows_M)
        )
        nothing: Sequence[None] = [None] * len(batches)
        shares = divided(self._soft.shares_NK[rows_M]) if self._soft else nothing
        values = nothing if self._values_N2 is None else divided(self._values_N2[rows_M])
        with closing(self._fetch(batches)) as fetched:
            for number, (images, *others) in enumerate(fetched):
                latents = self._latents.as_latents(others.pop()) if self._latents else None
                yield RawBatch(
                    batches[number],
                    images,
                    others[0] if others else None,
                    valid[number],
                    labels[number],
                    device_rows[number],
                    self._points(batches[number]) if self._with_points else None,
                    latents,
                    shares[number],
                    values[number],
                )

    def _points(self, rows_B: Rows) -> Tensor:
        landmarks = self._stores.landmarks
        edges = (read_points(landmarks, rows_B) + 0.5) * (2 / landmarks.metadata["size_px"]) - 1
        return send(torch.from_numpy(edges.astype(np.float32)), self._placement.device)
