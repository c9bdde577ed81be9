"""A face as 14 x 14 patches, and how unusual each patch is among faces: Mahalanobis distance.

The grid is that of vision transformers: 224 px in patches of 16. No network is needed here, so the
distance of pixels is also the floor that every learned detector of occlusion is compared with.

Shapes: N faces, S side of a face, P = 196 patches in rows, D numbers per patch.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRID = 14
PATCHES = GRID * GRID
PIXELS = 4
"""A patch is seen at 4 x 4 px in colour: few enough numbers for a few hundred faces."""

MIN_FACES, MOST_FACES = 100, 2000
"""What faces usually look like is estimated from so many."""
_AT_ONCE = 64

F32 = NDArray[np.float32]
_RIDGE = 0.01
"""Share of the mean variance that is added to each variance."""


def patch_shares(maps_NSS: NDArray[np.floating]) -> F32:
    """Return the mean of each map over each patch: (N, GRID, GRID)."""
    weights_GS = _area_weights(maps_NSS.shape[-1], GRID)
    return np.asarray(weights_GS @ maps_NSS.astype(np.float32) @ weights_GS.T, np.float32)


def patch_pixels(images_NSS3: NDArray[np.uint8]) -> F32:
    """Return the pixels of each patch of upright faces, in [0, 1]: (N, P, D)."""
    cells = GRID * PIXELS
    weights_CS = _area_weights(images_NSS3.shape[1], cells)
    small = np.empty((len(images_NSS3), cells, cells, 3), np.float32)
    for index, image_SS3 in enumerate(images_NSS3):  # all at once they would be large floats
        channels = image_SS3.transpose(2, 0, 1).astype(np.float32) / 255
        small[index] = (weights_CS @ channels @ weights_CS.T).transpose(1, 2, 0)
    cut = small.reshape(-1, GRID, PIXELS, GRID, PIXELS, 3).transpose(0, 1, 3, 2, 4, 5)
    return np.ascontiguousarray(cut).reshape(len(images_NSS3), PATCHES, -1)


def _area_weights(side: int, cells: int) -> F32:
    """Return which share of each cell every pixel of a row makes up: (cells, side)."""
    edges = np.arange(cells + 1) * (side / cells)
    pixels = np.arange(side)
    low = np.maximum(edges[:-1, None], pixels)
    high = np.minimum(edges[1:, None], pixels + 1)
    return np.asarray(np.clip(high - low, 0, None) * (cells / side), np.float32)


def mirrored_patches(values_NP: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return per-patch values (N, P, ...) of the mirrored pictures, places in rows again."""
    shape = values_NP.shape
    grid = values_NP.reshape(shape[0], GRID, GRID, *shape[2:])
    return np.ascontiguousarray(grid[:, :, ::-1]).reshape(shape)


@dataclass(frozen=True, slots=True)
class PatchStatistics:
    """What a patch at each place usually looks like.

    Attributes:
        mean_PD: over the faces.
        whitening_PDD: lower triangular W with W W' = inverse covariance.
    """

    mean_PD: F32
    whitening_PDD: F32

    @classmethod
    def fit(cls, patches_NPD: NDArray[np.floating]) -> "PatchStatistics":
        """Estimate them from faces, of which most should be bare.

        The fewer the faces, the more the covariance at a place is that of all places.

        Raises:
            ValueError: if there are fewer than two faces.
        """
        if len(patches_NPD) < 2:
            raise ValueError(f"{len(patches_NPD)} faces; a covariance needs two")
        mean_PD = patches_NPD.mean(axis=0, dtype=np.float64)
        centred_NPD = patches_NPD - mean_PD
        faces, _, numbers = centred_NPD.shape
        covariance_PDD = np.einsum("npd,npe->pde", centred_NPD, centred_NPD, optimize=True)
        covariance_PDD /= faces - 1
        pooled_DD = covariance_PDD.mean(axis=0)
        ridge_DD = _RIDGE * max(float(np.trace(pooled_DD)) / numbers, 1e-8) * np.eye(numbers)
        shared = numbers / (numbers + faces)
        mixed_PDD = (1 - shared) * covariance_PDD + shared * pooled_DD + ridge_DD
        whitening = np.linalg.cholesky(np.linalg.inv(mixed_PDD))
        return cls(mean_PD.astype(np.float32), whitening.astype(np.float32))

    def distances(self, patches_NPD: NDArray[np.floating]) -> F32:
        """Return the Mahalanobis distance of every patch, over the root of D: (N, P), about 1."""
        centred = np.asarray(patches_NPD, np.float32) - self.mean_PD
        white = np.einsum("npd,pde->npe", centred, self.whitening_PDD, optimize=True)
        return np.asarray(np.sqrt((white**2).mean(axis=-1)), np.float32)


ReadFaces = Callable[[NDArray[np.int64]], NDArray[np.uint8]]
"""Rows (B,) -> upright faces (B, S, S, 3)."""


@dataclass(frozen=True, slots=True)
class CoverMeasure:
    """How much of a face looks covered: the share of its patches that are too strange.

    Attributes:
        statistics: of the faces that it was fitted to.
        radius: the quantile of their distances.
    """

    statistics: PatchStatistics
    radius: float

    @classmethod
    def fit(cls, read: ReadFaces, rows_N: NDArray[np.int64], quantile: float) -> "CoverMeasure":
        """Learn what faces look like, of which most should be bare.

        Args:
            read: gives faces.
            rows_N: of at least MIN_FACES faces; MOST_FACES of them are read, evenly spaced.
            quantile: share of their patches that counts as usual.
        """
        most = min(len(rows_N), MOST_FACES)
        chosen = rows_N[np.rint(np.linspace(0, len(rows_N) - 1, most)).astype(np.int64)]
        patches = _read_patches(read, chosen)
        statistics = PatchStatistics.fit(patches)
        return cls(statistics, float(np.quantile(statistics.distances(patches), quantile)))

    def shares(self, read: ReadFaces, rows_N: NDArray[np.int64]) -> F32:
        """Return the share of strange patches of each face: (N,)."""
        parts = [
            (self.statistics.distances(_read_patches(read, part)) > self.radius).mean(axis=1)
            for part in np.array_split(rows_N, max(1, len(rows_N) // _AT_ONCE))
            if len(part)
        ]
        return np.concatenate([np.zeros(0, np.float32), *parts]).astype(np.float32)


def _read_patches(read: ReadFaces, rows_N: NDArray[np.int64]) -> F32:
    parts = [
        patch_pixels(read(part)) for part in np.array_split(rows_N, -(-len(rows_N) // _AT_ONCE))
    ]
    return np.concatenate(parts)
