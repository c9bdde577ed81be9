"""Targets of training that are shares of several people's labels: `train.targets: soft`. No torch.

Shapes: N samples of a store, K classes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from errors import DataError
from store.reading import LABEL_SHARES, Store, read_shares


class SoftTargets(NamedTuple):
    """What every face of a store is to be taken for.

    Attributes:
        shares_NK: of the classes; they sum to one. The label alone where nothing else is known.
        known_N: whether the shares of the face are known.
    """

    shares_NK: NDArray[np.float32]
    known_N: NDArray[np.bool_]


def require_shares(faces: Store, run: str) -> None:
    """Refuse a run with soft targets on faces that bring no shares.

    Args:
        faces: store of stage align.
        run: its name, for the message.

    Raises:
        DataError: if there are none.
    """
    if LABEL_SHARES not in faces.layout.arrays:
        raise DataError(
            faces.path,
            f"brings no shares of the classes, and {run} has train.targets: soft. Reader ferplus "
            "brings them, reader csv with options: {shares: columns} or {shares: rows} in its "
            "section of index; or set train.targets: hard.",
        )


def read_soft_targets(faces: Store, labels_N: NDArray[np.integer]) -> SoftTargets:
    """Read the shares of every row; those that are not known are of the label alone.

    Args:
        faces: store of stage align, with shares.
        labels_N: ids of the rows' classes.
    """
    shares_NK = read_shares(faces, np.arange(len(faces)))
    assert shares_NK is not None  # require_shares
    known_N = np.asarray(np.isfinite(shares_NK).all(axis=1))
    labels_NK = np.eye(shares_NK.shape[1], dtype=np.float32)[labels_N]
    return SoftTargets(np.where(known_N[:, None], shares_NK, labels_NK), known_N)
