"""Which faces an epoch shows, and in which order: by (seed, epoch) alone, whoever reads them.

Shapes: N faces of a split, M faces of an epoch.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
Sampler = Callable[[NDArray[np.int64], np.random.Generator], Places]


def shuffled(labels_N: NDArray[np.int64], rng: np.random.Generator) -> Places:
    """Show every face once. Published."""
    return rng.permutation(len(labels_N))


def balanced(labels_N: NDArray[np.int64], rng: np.random.Generator) -> Places:
    """Show of every class as many faces as the rarest has, drawn anew each epoch."""
    classes, counts = np.unique(labels_N, return_counts=True)
    chosen = [
        rng.choice(np.flatnonzero(labels_N == number), counts.min(), replace=False)
        for number in classes
    ]
    return rng.permutation(np.concatenate(chosen))


def inverse_frequency(labels_N: NDArray[np.int64], rng: np.random.Generator) -> Places:
    """Draw as many faces as there are, with repeats, every class equally likely."""
    classes, inverse_N, counts = np.unique(labels_N, return_inverse=True, return_counts=True)
    chance_N = 1 / (len(classes) * counts[inverse_N])
    return rng.choice(len(labels_N), len(labels_N), p=chance_N)


SAMPLERS: dict[str, Sampler] = {
    "shuffled": shuffled,
    "balanced": balanced,
    "inverse_frequency": inverse_frequency,
}
"""Name -> (labels of a split, chance) -> places of an epoch's faces, as many in every epoch."""


def cut(rows_M: NDArray[np.int64], batch: int, share: tuple[int, int]) -> list[NDArray[np.int64]]:
    """Cut an epoch into batches, and return of each the piece that one rank reads.

    Args:
        rows_M: in the order of the epoch.
        batch: faces a batch, of all ranks together. A last batch that has fewer than two faces
            for some rank, too few for batch statistics, joins the one before, so nothing is
            padded, dropped or shown twice.
        share: this rank, and how many there are. Pieces follow each other and differ by one face
            at most.

    Returns:
        A piece a batch, its rows ascending: order within a batch means nothing, but speeds reading.
    """
    rank, ranks = share
    least = min(2 * ranks, batch)
    starts = [start for start in range(0, len(rows_M), batch) if len(rows_M) - start >= least]
    batches = np.split(rows_M, starts[1:])
    return [np.sort(np.array_split(rows_B, ranks)[rank]) for rows_B in batches]
