"""Where heatmaps come from: read from their store, or drawn from the landmarks.

Shapes: N samples of a dataset, B samples of a batch, R bytes of a row, C side of the canvas.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from anatomy.au_coding import AUCoding
from anatomy.heatmaps import drawing
from anatomy.landmarks import rescale_points
from store.reading import Store, read_intensities, read_points, read_shares
from train.data.prefetch import RowSource


@dataclass(frozen=True, slots=True)
class DrawnMaps:
    """Heatmaps as published: drawn on the canvas for every batch, never stored.

    They are drawn on the stored face and warped afterwards, as stored ones are: radii are px of the
    canvas, so a map drawn from warped landmarks would differ.

    Attributes:
        landmarks: store of stage landmark.
        heatmaps: store of stage heatmap; only its kind and options are used.
        expressions_N: ids.
    """

    landmarks: Store
    heatmaps: Store
    expressions_N: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C, C)."""
        side = self.heatmaps.metadata["canvas_px"]
        return len(self.landmarks), side, side

    @property
    def row_bytes(self) -> int:
        """One byte per px of the canvas."""
        return prod(self.shape[1:])

    def gather(self, rows_B: NDArray[np.integer], out_BR: NDArray[np.uint8]) -> None:
        """Draw the maps of some rows, 255 = 1."""
        about, side = self.heatmaps.metadata, self.shape[1]
        points = rescale_points(
            read_points(self.landmarks, rows_B), self.landmarks.metadata["size_px"], side
        )
        coding = AUCoding(*read_intensities(self.landmarks, rows_B))
        shares_BK = read_shares(self.landmarks, rows_B)
        draw = drawing(about["kind"], self.heatmaps.labels, about["options"], coding, shares_BK)
        maps_BCC, _ = draw(points, self.expressions_N[rows_B].tolist(), side, canvas_px=side)
        np.rint(maps_BCC * 255, out=maps_BCC)
        out_BR[:] = maps_BCC.reshape(len(rows_B), self.row_bytes)


def _stored(heatmaps: Store, landmarks: Store, expressions_N: NDArray[np.int64]) -> RowSource:
    return heatmaps.array("map")


def _drawn(heatmaps: Store, landmarks: Store, expressions_N: NDArray[np.int64]) -> RowSource:
    return DrawnMaps(landmarks, heatmaps, expressions_N)


HEATMAP_SOURCES: dict[str, Callable[[Store, Store, NDArray[np.int64]], RowSource]] = {
    "stored": _stored,
    "drawn": _drawn,
}
"""train.feed.heatmaps -> (heatmaps, landmarks, expressions of all samples) -> maps, row by row."""
