"""Which faces are trained on, choose the epoch and are scored: by split, or by fold."""

import numpy as np
from numpy.typing import NDArray

from errors import DataError
from store.reading import Store


def splits_of(faces: Store, fold: int | None) -> NDArray[np.str_]:
    """Return train, val or test for every row of a store.

    In cross-validation one fold is tested, the next one (after the last, the first) chooses the
    epoch, and the others are trained on; the splits of the index do not count.

    Args:
        faces: store of stage align.
        fold: which one is tested; None for the splits of the index.

    Raises:
        DataError: if the dataset has no folds, or not so many.
    """
    if fold is None:
        return np.array(faces.table(("split",))["split"].to_list(), dtype=np.str_)
    written = faces.table(("fold",))["fold"].to_list()
    folds_N = np.array([-1 if number in ("", None) else int(number) for number in written])
    count = int(folds_N.max(initial=-1)) + 1
    if fold >= count:
        there = f"has {count} folds, from 0" if count else "has no folds"
        raise DataError(
            faces.path,
            f"{there}; a repeat names fold {fold}. Set index.<dataset>.folds, or change "
            "matrix.repeats, and run `dvc repro`.",
        )
    of_N = np.full(len(folds_N), "train")
    of_N[folds_N == fold] = "test"
    of_N[folds_N == (fold + 1) % count] = "val"
    return of_N
