"""How well scores tell the positives from the rest. Shapes: N of anything."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


def auroc(scores_N: NDArray[np.floating], positive_N: NDArray[np.bool_]) -> float | None:
    """Return how often a positive has the higher score of a random pair; ties count half.

    None if there is no pair.
    """
    positives = int(positive_N.sum())
    negatives = len(positive_N) - positives
    if not positives or not negatives:
        return None
    _, inverse_N, counts = np.unique(scores_N, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean_rank = last - (counts - 1) / 2
    ranks = float(mean_rank[inverse_N][positive_N].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


class Detected(NamedTuple):
    """Shares of all, of what was called positive, and of what is."""

    accuracy: float
    precision: float | None
    recall: float | None


def detected(called_N: NDArray[np.bool_], positive_N: NDArray[np.bool_]) -> Detected:
    """Compare what was called positive with what is; None where nothing was called, or is."""
    hits = int((called_N & positive_N).sum())
    called, there = int(called_N.sum()), int(positive_N.sum())
    return Detected(
        accuracy=float((called_N == positive_N).mean()),
        precision=hits / called if called else None,
        recall=hits / there if there else None,
    )
