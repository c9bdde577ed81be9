"""Which faces an epoch shows, and in which order; depends only on (seed, epoch).

Shapes: N faces of a split, M faces of an epoch.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Sampler = Callable[[NDArray[np.int64], np.random.Generator], Indices]


def shuffled(labels_N: NDArray[np.int64], rng: np.random.Generator) -> Indices:
    """Show every face once. Published."""
    return rng.permutation(len(labels_N))


def balanced(labels_N: NDArray[np.int64], rng: np.random.Generator) -> Indices:
    """Undersample every class to the size of the rarest, drawn anew for every epoch."""
    classes, counts = np.unique(labels_N, return_counts=True)
    chosen = [
        rng.choice(np.flatnonzero(labels_N == number), counts.min(), replace=False)
        for number in classes
    ]
    return rng.permutation(np.concatenate(chosen))


def inverse_frequency(labels_N: NDArray[np.int64], rng: np.random.Generator) -> Indices:
    """Draw as many faces as the split has, with repeats, every class equally likely."""
    classes, inverse_N, counts = np.unique(labels_N, return_inverse=True, return_counts=True)
    probability_N = 1 / (len(classes) * counts[inverse_N])
    return rng.choice(len(labels_N), len(labels_N), p=probability_N)


SAMPLERS: dict[str, Sampler] = {
    "shuffled": shuffled,
    "balanced": balanced,
    "inverse_frequency": inverse_frequency,
}
"""Name -> (labels of a split, rng) -> indices of an epoch's faces, equally many in every epoch."""


def split_batches(
    rows_M: NDArray[np.int64], batch_size: int, rank: int, world_size: int
) -> list[NDArray[np.int64]]:
    """Split an epoch into batches; return one rank's part of each.

    Args:
        rows_M: in the order of the epoch.
        batch_size: faces per batch, over all ranks. If the last batch has fewer than two faces for
            some rank, too few for batch statistics, it is joined to the one before: nothing is
            padded, dropped or shown twice.
        rank: of this process.
        world_size: number of ranks. Their parts of a batch differ by one face at most.

    Returns:
        One part per batch, its rows ascending: order within a batch means nothing, but ascending
        rows are read faster.
    """
    smallest = min(2 * world_size, batch_size)
    starts = [
        start for start in range(0, len(rows_M), batch_size) if len(rows_M) - start >= smallest
    ]
    batches = np.split(rows_M, starts[1:])
    return [np.sort(np.array_split(rows_B, world_size)[rank]) for rows_B in batches]
