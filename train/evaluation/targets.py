"""AU maps to compare attention with, drawn where the model is.

The processor draws whole maps (anatomy.heatmaps). A GPU is sent every action unit on its small
grid, 63 kB per face instead of 1.7 MB, and enlarges and combines them there. Both give the same
maps within rounding.

Shapes: B batch, U units of the codebook, T = V + 1 targets (the map of every expression, then that
of all AUs), G = 28, C side of the canvas, S a smaller side.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from anatomy.heatmaps import ComparisonSets, comparison_grids, comparison_maps, comparison_sets
from train.device import constant


class Targets(NamedTuple):
    """What the maps of a batch are compared with.

    Attributes:
        maps_BTCC: AU maps in [0, 1].
        defined_BT: whether each is defined on the face; else it is zero.
        regions_BUSS: region of every AU, in [0, 1].
        present_BU: whether the region is on the canvas.
    """

    maps_BTCC: Tensor
    defined_BT: Tensor
    regions_BUSS: Tensor
    present_BU: Tensor


class TargetGrids(NamedTuple):
    """Targets that are still to be drawn: every unit on its grid, in pinned memory."""

    grids_BUGG: Tensor
    present_BU: Tensor
    sets: ComparisonSets
    sides_px: tuple[int, int]

    def drawn(self, device: torch.device) -> Targets:
        """Enlarge and combine the units on a device."""
        grids_BUGG = self.grids_BUGG.to(device, non_blocking=True)
        present_BU = self.present_BU.to(device, non_blocking=True)
        maps, defined = _combined(grids_BUGG, present_BU, self.sets.targets, self.sides_px[0])
        alone = [(place,) for place in self.sets.regions]
        regions, present = _combined(grids_BUGG, present_BU, alone, self.sides_px[1])
        return Targets(maps, defined, regions, present)


def prepare_targets(
    landmarks_B682: NDArray[np.floating],
    sides_px: tuple[int, int],
    codebook: str,
    device: torch.device,
) -> Targets | TargetGrids:
    """Draw targets for the processor, or what a GPU draws them from.

    Args:
        landmarks_B682: px of the canvas; NaN where there are none.
        sides_px: of the canvas and its maps, and of the regions.
        codebook: row of CODEBOOKS.
        device: of the model.
    """
    canvas_px = sides_px[0]
    if device.type == "cpu":
        maps, regions = comparison_maps(
            landmarks_B682, sides_px, canvas_px=canvas_px, codebook=codebook
        )
        return Targets(*(torch.from_numpy(one) for one in (*maps, *regions)))
    grids, present = comparison_grids(landmarks_B682, canvas_px=canvas_px, codebook=codebook)
    pinned_BUGG, present_BU = (torch.from_numpy(one).pin_memory() for one in (grids, present))
    return TargetGrids(pinned_BUGG, present_BU, comparison_sets(codebook), sides_px)


def _combined(
    grids_BUGG: Tensor, present_BU: Tensor, sets: Sequence[Sequence[int]], side_px: int
) -> tuple[Tensor, Tensor]:
    """Enlarge units, take the largest of every set and stretch it to [0, 1]: (B, sets, S, S)."""
    faces, units = present_BU.shape
    maps = grids_BUGG.new_zeros((faces, len(sets), side_px, side_px))
    for unit in range(units):
        members = [number for number, places in enumerate(sets) if unit in places]
        enlarged = F.interpolate(
            grids_BUGG[:, unit, None], [side_px, side_px], mode="bilinear", align_corners=False
        )
        for number in members:
            torch.maximum(maps[:, number], enlarged[:, 0], out=maps[:, number])
    contained = tuple(float(unit in places) for places in sets for unit in range(units))
    contained_TU = constant(contained, present_BU.device).view(len(sets), units)
    defined_BT = present_BU.float() @ contained_TU.T > 0
    low = maps.amin(dim=(2, 3), keepdim=True)
    span = maps.amax(dim=(2, 3), keepdim=True) - low
    return (maps - low) / torch.where(span > 0, span, 1), defined_BT
