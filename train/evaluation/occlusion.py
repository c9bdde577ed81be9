"""Which of the scored faces are occluded: an attribute, so that they are scored apart.

Of faces behind drawn things it is known. Of others it is guessed from the pixels of patches: what
is usual is learnt from the faces of split train of the same store.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from anatomy.patches import MIN_FACES, CoverMeasure
from contracts.files import OCCLUDED
from contracts.occlusion import OccludedParams
from store.reading import Store
from train.evaluation.batch import EvalFaces

_WORDS = np.array(["no", "yes"])


def with_occluded(faces: EvalFaces, store: Store, params: OccludedParams) -> EvalFaces:
    """Return the faces with the attribute `occluded`: yes or no.

    Without it, if the store has too few faces to know what is usual.
    """
    import polars as pl

    shares_N = covered_shares(store, faces.rows_N, params.quantile)
    if shares_N is None:
        return faces
    column = pl.Series(OCCLUDED, _WORDS[(shares_N > params.share).astype(int)].tolist())
    table = faces.table.with_columns(column)
    return replace(faces, table=table, attributes=(*faces.attributes, OCCLUDED))


def covered_shares(
    store: Store, rows_N: NDArray[np.int64], quantile: float
) -> NDArray[np.float32] | None:
    """Return the share of covered patches of each face, known or guessed: (N,).

    None if it would be guessed from fewer than MIN_FACES faces.
    """
    if "mask" in store.layout.arrays:
        masks = store.array("mask").take(rows_N)
        return np.asarray(masks.mean(axis=(1, 2)), np.float32)
    usable_N = store.array("valid").load() == 1
    trained_N = np.array(store.table(("split",))["split"].to_list()) == "train"
    usual = np.flatnonzero(usable_N & trained_N)
    if len(usual) < MIN_FACES:
        return None
    read = store.array("image").take
    return CoverMeasure.fit(read, usual, quantile).shares(read, rows_N)
