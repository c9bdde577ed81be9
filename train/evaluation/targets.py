"""AU maps to compare attention with, drawn where the model is.

The processor draws whole maps (anatomy.heatmaps). A GPU is sent where the ellipses of every face
lie, fills, shrinks, enlarges and combines them there. Both give the same maps within rounding.

Shapes: B batch, E ellipses, U units of the codebook, T = V + 1 targets (the map of every
class, then that of all AUs), G = 28, R = 2 G rows or columns of the canvas that shrinking
reads, D run tables of H rows, C side of the canvas, S a smaller side.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from anatomy.au_coding import region_units
from anatomy.codebooks import Codebook
from anatomy.drawing import GRID, Places
from anatomy.heatmaps import comparison_maps, comparison_runs, comparison_sets
from anatomy.own_heatmaps import draw_pairs
from anatomy.raster import grid_samples
from train.device import constant, send


class Targets(NamedTuple):
    """What the maps of a batch are compared with.

    Attributes:
        maps_BTCC: AU maps in [0, 1].
        defined_BT: whether each is defined on the face; else it is zero.
        regions_BUSS: region of every AU, in [0, 1].
        present_BU: whether the region is on the canvas.
        own_BKCC: maps of the face's own action units, and of another face's; none without coding.
        own_defined_BK: whether each is defined; else it is zero.
    """

    maps_BTCC: Tensor
    defined_BT: Tensor
    regions_BUSS: Tensor
    present_BU: Tensor
    own_BKCC: Tensor
    own_defined_BK: Tensor

    def drawn(self, device: torch.device) -> "Targets":
        """Return them as they are: the processor has drawn them."""
        return self


class TargetRuns(NamedTuple):
    """Targets that are still to be drawn, see anatomy.raster.EllipseRuns; in pinned memory.

    Attributes:
        corners_BE2, tables_BE, runs_DH2: where the ellipses lie.
        known_B: whether the face has landmarks.
        weights_BKR: how strongly each region acts, on the face and on another; in the order of
            anatomy.au_coding.region_units; K is 0 without coding.
        codebook: what is drawn for which class.
        sides_px: of the canvas and its maps, and of the regions.
    """

    corners_BE2: Tensor
    tables_BE: Tensor
    runs_DH2: Tensor
    known_B: Tensor
    weights_BKR: Tensor
    codebook: Codebook
    sides_px: tuple[int, int]

    def drawn(self, device: torch.device) -> Targets:
        """Draw the units on a device, enlarge and combine them."""
        canvas_px, region_px = self.sides_px
        sets = comparison_sets(self.codebook)
        corners_BE2, tables_BE, runs_DH2, known_B, weights_BKR = (
            send(one, device) for one in self[:5]
        )
        counts_U = [len(one) for one in sets.drawn]
        filled_BURR, present_BU = _filled(corners_BE2, tables_BE, runs_DH2, counts_U, canvas_px)
        grids_BUGG = _shrunk(filled_BURR & known_B[:, None, None, None], canvas_px)
        present_BU = present_BU & known_B[:, None]
        maps, defined = _combined(grids_BUGG, present_BU, sets.targets, canvas_px)
        alone = [((place, 1.0),) for place in sets.regions]
        shown, present = _combined(grids_BUGG, present_BU, alone, region_px)
        own, own_defined = _weighted(grids_BUGG, present_BU, weights_BKR, canvas_px)
        return Targets(maps, defined, shown, present, own, own_defined)


def prepare_targets(
    landmarks_B682: NDArray[np.floating],
    sides_px: tuple[int, int],
    codebook: Codebook,
    device: torch.device,
    weights_BKR: NDArray[np.float32] | None = None,
) -> Targets | TargetRuns:
    """Draw targets for the processor, or what a GPU draws them from.

    Args:
        landmarks_B682: px of the canvas; NaN where there are none.
        sides_px: of the canvas and its maps, and of the regions.
        codebook: what is drawn for which class.
        device: of the model.
        weights_BKR: of the faces' own action units, see TargetRuns; None without coding.
    """
    canvas_px = sides_px[0]
    if weights_BKR is None:
        regions = len(region_units(codebook))
        weights_BKR = np.zeros((len(landmarks_B682), 0, regions), np.float32)
    if device.type == "cpu":
        maps, drawn = comparison_maps(
            landmarks_B682, sides_px, canvas_px=canvas_px, codebook=codebook
        )
        own = draw_pairs(landmarks_B682, weights_BKR, codebook, canvas_px)
        return Targets(*(torch.from_numpy(one) for one in (*maps, *drawn, *own)))
    runs, known_B = comparison_runs(landmarks_B682, canvas_px=canvas_px, codebook=codebook)
    corners, tables, table_runs, known, weights = (
        torch.from_numpy(one).pin_memory() for one in (*runs, known_B, weights_BKR)
    )
    return TargetRuns(corners, tables, table_runs, known, weights, codebook, sides_px)


def _filled(
    corners_BE2: Tensor, tables_BE: Tensor, runs_DH2: Tensor, counts_U: list[int], canvas_px: int
) -> tuple[Tensor, Tensor]:
    """Fill the ellipses of every unit where shrinking reads: (B, U, R, R), on the canvas (B, U)."""
    places, _ = grid_samples(canvas_px, GRID)
    places_R = constant(tuple(places.tolist()), tables_BE.device, torch.int64)
    height = runs_DH2.shape[1]
    rows_BER = places_R - corners_BE2[..., 1:]
    inside_BER = (rows_BER >= 0) & (rows_BER < height)
    columns_BE11 = corners_BE2[..., None, :1]
    runs_BER2 = runs_DH2[tables_BE[..., None], rows_BER.clamp(0, height - 1)] + columns_BE11
    filled_BERR = (places_R >= runs_BER2[..., :1]) & (places_R <= runs_BER2[..., 1:])
    filled_BERR &= inside_BER[..., None]
    runs_BEH2 = runs_DH2[tables_BE] + columns_BE11
    rows_BEH = corners_BE2[..., 1:] + torch.arange(height, device=tables_BE.device)
    seen_BEH = runs_BEH2[..., 0].clamp(min=0) <= runs_BEH2[..., 1].clamp(max=canvas_px - 1)
    seen_BE = (seen_BEH & (rows_BEH >= 0) & (rows_BEH < canvas_px)).any(dim=2)
    filled_BURR, present_BU = (
        torch.stack([unit.any(dim=1) for unit in torch.split(one, counts_U, dim=1)], dim=1)
        for one in (filled_BERR, seen_BE)
    )
    return filled_BURR, present_BU


def _shrunk(filled_BURR: Tensor, canvas_px: int) -> Tensor:
    """Shrink to the grid and blur, as anatomy.raster does: (B, U, G, G)."""
    weights = tuple(grid_samples(canvas_px, GRID)[1].ravel().tolist())
    weights_G2 = constant(weights, filled_BURR.device).view(GRID, 2)
    pairs_BUG2G2 = filled_BURR.float().view(*filled_BURR.shape[:2], GRID, 2, GRID, 2)
    rows_BUG2G = (pairs_BUG2G2 * weights_G2).sum(dim=-1)
    shrunk_BUGG = (rows_BUG2G * weights_G2[..., None]).sum(dim=3)
    return F.avg_pool2d(F.pad(shrunk_BUGG, (1, 1, 1, 1), mode="reflect"), 3, stride=1)


def _combined(
    grids_BUGG: Tensor, present_BU: Tensor, sets: Sequence[Places], side_px: int
) -> tuple[Tensor, Tensor]:
    """Enlarge units, take the largest of every set and stretch it to [0, 1]: (B, sets, S, S)."""
    faces, units = present_BU.shape
    maps = grids_BUGG.new_zeros((faces, len(sets), side_px, side_px))
    for unit in range(units):
        members = [
            (number, weight)
            for number, places in enumerate(sets)
            for place, weight in places
            if place == unit
        ]
        enlarged = F.interpolate(
            grids_BUGG[:, unit, None], [side_px, side_px], mode="bilinear", align_corners=False
        )
        for number, weight in members:
            torch.maximum(maps[:, number], enlarged[:, 0] * weight, out=maps[:, number])
    among = [{place for place, _ in places} for places in sets]
    contained = tuple(float(unit in places) for places in among for unit in range(units))
    contained_TU = constant(contained, present_BU.device).view(len(sets), units)
    defined_BT = present_BU.float() @ contained_TU.T > 0
    return _stretched(maps), defined_BT


def _weighted(
    grids_BUGG: Tensor, present_BU: Tensor, weights_BKU: Tensor, side_px: int
) -> tuple[Tensor, Tensor]:
    """Enlarge units, each as bright as its weight, take the largest and stretch: (B, K, S, S)."""
    faces, sets, units = weights_BKU.shape
    maps = grids_BUGG.new_zeros((faces, sets, side_px, side_px))
    if not sets:
        return maps, weights_BKU.new_zeros((faces, 0), dtype=torch.bool)
    seen_BKU = weights_BKU * present_BU[:, None, :units]
    for unit in range(units):
        enlarged_BSS = F.interpolate(
            grids_BUGG[:, unit, None], [side_px, side_px], mode="bilinear", align_corners=False
        )
        torch.maximum(maps, enlarged_BSS * seen_BKU[..., unit, None, None], out=maps)
    return _stretched(maps), (seen_BKU > 0).any(dim=2)


def _stretched(maps_BTSS: Tensor) -> Tensor:
    low = maps_BTSS.amin(dim=(2, 3), keepdim=True)
    span = maps_BTSS.amax(dim=(2, 3), keepdim=True) - low
    return (maps_BTSS - low) / torch.where(span > 0, span, 1)
