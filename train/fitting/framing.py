"""How the training faces of a run lie in their crops, for those who show it other faces later."""

import numpy as np

from anatomy.landmarks import five_landmarks
from contracts.runs import Framing
from store.reading import read_points
from train.data.stores import Stores

_MOST_FACES = 2000
_MODES = ("align", "resize")


def framing_of(stores: Stores) -> Framing | None:
    """Count how faces were framed, and average where five of their points lie.

    Args:
        stores: of the run; at most so many training faces are looked at, evenly spread.

    Returns:
        None where faces do not say how they were framed, or none has landmarks.
    """
    table, rows = stores.faces.table(), stores.usable_rows("train")
    if "detail" not in table.columns or not len(rows):
        return None
    words = [str(detail).split() for detail in table[rows]["detail"]]
    aligned, resized = (sum(mode in one for one in words) for mode in _MODES)
    looked_at = rows[np.linspace(0, len(rows) - 1, min(len(rows), _MOST_FACES)).astype(int)]
    points_N682 = read_points(stores.landmarks, looked_at)
    known = points_N682[np.isfinite(points_N682).all(axis=(1, 2))]
    if not len(known) or not aligned + resized:
        return None
    five_52 = np.mean([five_landmarks(face) for face in known], axis=0)
    shares_52 = (five_52 + 0.5) / stores.landmarks.metadata["size_px"]
    points = [(round(float(x), 5), round(float(y), 5)) for x, y in shares_52]
    return Framing(aligned=aligned, resized=resized, points=points)
