"""Maps compared on the canvas without being enlarged to it.

Resizing is linear: a map `a` is `R a Qᵀ` on the canvas, so its product with a target `T` is that
of `a` with `Rᵀ T Q`, and its length follows from `RᵀR` and `QᵀQ`. The numbers are those of maps
enlarged to the canvas, at the cost of maps of the attention's own size.

Shapes: B batch, h w an attention's own size, C side of the canvas, T targets, S a smaller side.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

_EPS = 1e-8
_NOISE = 1e-10
"""A centred map whose square is this share of the map's is rounding, and counts as constant."""


def resizing(side: int, to: int, *, align_corners: bool, antialias: bool) -> Tensor:
    """Return the matrix (to, side) that resizes a column, as torch's bilinear resizing does."""
    return F.interpolate(
        torch.eye(side)[None, None],
        [to, side],
        mode="bilinear",
        align_corners=align_corners,
        antialias=antialias,
    )[0, 0]


GEOMETRIES: dict[str, Callable[[int, int], Tensor]] = {
    "exact": partial(resizing, align_corners=False, antialias=False),
    "published": partial(resizing, align_corners=True, antialias=True),
}
"""How attention is brought to the canvas: (side, canvas side) -> matrix (canvas side, side).

`exact` has half-pixel centres. `published` aligns corners *and* antialiases, as the published
evaluation does, which shifts attention by about 3 %. CAMs always use `exact`, as published.
"""

shrinking: Callable[[int, int], Tensor] = partial(resizing, align_corners=False, antialias=True)


def unit_range(maps_BHW: Tensor) -> Tensor:
    """Scale each map to [0, 1]; a constant one becomes zero."""
    low = maps_BHW.amin(dim=(1, 2), keepdim=True)
    height = maps_BHW.amax(dim=(1, 2), keepdim=True) - low
    return torch.where(
        height > 0, (maps_BHW - low) / height.clamp(min=_EPS), torch.zeros_like(maps_BHW)
    )


class Agreement(NamedTuple):
    """Of each map with every target.

    Attributes:
        cosine_BT: as vectors; the map is first lifted so that nothing in it is negative. Zero where
            either is zero.
        centred_BT: with both means taken out, Pearson's correlation. Zero where either is constant.
    """

    cosine_BT: Tensor
    centred_BT: Tensor


class Canvas:
    """A batch of targets (B, T, C, C), to compare maps of any size with."""

    def __init__(self, targets_BTCC: Tensor) -> None:
        self._targets = targets_BTCC
        self._pixels = targets_BTCC.shape[-1] ** 2
        self._sums_BT = targets_BTCC.sum(dim=(2, 3))
        self._squares_BT = targets_BTCC.square().sum(dim=(2, 3))
        self._seen: dict[tuple[str, torch.Size], Tensor] = {}

    def uniform(self) -> Tensor:
        """Return the cosine of a uniform map with every target: (B, T)."""
        return self._sums_BT / (self._pixels * self._squares_BT).sqrt().clamp(min=_EPS)

    def between(self, place: int) -> Tensor:
        """Return the cosine of one target with every target: (B, T)."""
        dots_BT = torch.einsum("byx,btyx->bt", self._targets[:, place], self._targets)
        lengths_BT = self._squares_BT.sqrt()
        return dots_BT / (lengths_BT * lengths_BT[:, place, None]).clamp(min=_EPS)

    def agreement(self, maps_Bhw: Tensor, geometry: str) -> Agreement:
        """Compare one map a face with its targets, as if it were enlarged to the canvas."""
        mean_B = maps_Bhw.mean(dim=(1, 2))
        # Without its mean a map's sums stay exact however flat it is.
        uneven_Bhw = maps_Bhw - mean_B[:, None, None]
        lifted_B = mean_B - maps_Bhw.amin(dim=(1, 2)).clamp(max=0)
        rows_Ch, columns_Cw = self._matrices(maps_Bhw, geometry)
        dots_BT = torch.einsum("byx,btyx->bt", uneven_Bhw, self._on_grid(maps_Bhw, geometry))
        sums_B = torch.einsum("byx,y,x->b", uneven_Bhw, rows_Ch.sum(0), columns_Cw.sum(0))
        through_Bhw = (rows_Ch.T @ rows_Ch) @ uneven_Bhw @ (columns_Cw.T @ columns_Cw)
        squares_B = (uneven_Bhw * through_Bhw).sum(dim=(1, 2)).clamp(min=0)
        lengths_B = (squares_B + 2 * lifted_B * sums_B + lifted_B.square() * self._pixels).clamp(
            min=0
        )
        return Agreement(
            _quotient(dots_BT + lifted_B[:, None] * self._sums_BT, lengths_B, self._squares_BT),
            _quotient(
                dots_BT - sums_B[:, None] * self._sums_BT / self._pixels,
                _unless_noise(squares_B - sums_B.square() / self._pixels, lengths_B),
                _unless_noise(
                    self._squares_BT - self._sums_BT.square() / self._pixels, self._squares_BT
                ),
            ),
        )

    def _matrices(self, maps_Bhw: Tensor, geometry: str) -> tuple[Tensor, Tensor]:
        side, device = self._targets.shape[-1], self._targets.device
        rows, columns = (GEOMETRIES[geometry](length, side) for length in maps_Bhw.shape[-2:])
        return rows.to(device), columns.to(device)

    def _on_grid(self, maps_Bhw: Tensor, geometry: str) -> Tensor:
        """Return the targets as a map of this size sees them: (B, T, h, w)."""
        key = geometry, maps_Bhw.shape[-2:]
        if key not in self._seen:
            rows_Ch, columns_Cw = self._matrices(maps_Bhw, geometry)
            self._seen[key] = rows_Ch.T @ (self._targets @ columns_Cw)
        return self._seen[key]


def small(maps_Bhw: Tensor, geometry: str, canvas_px: int, size_px: int) -> Tensor:
    """Enlarge maps to the canvas and shrink them to a small side, in one step: (B, S, S)."""
    shrink_SC = shrinking(canvas_px, size_px)
    rows_Sh, columns_Sw = (
        (shrink_SC @ GEOMETRIES[geometry](length, canvas_px)).to(maps_Bhw.device)
        for length in maps_Bhw.shape[-2:]
    )
    return rows_Sh @ maps_Bhw @ columns_Sw.T


def _quotient(dots_BT: Tensor, squares_B: Tensor, squares_BT: Tensor) -> Tensor:
    return dots_BT / (squares_B.sqrt()[:, None] * squares_BT.sqrt()).clamp(min=_EPS)


def _unless_noise(centred: Tensor, squares: Tensor) -> Tensor:
    """Return centred squares; infinity, which makes a cosine zero, where they are rounding."""
    return torch.where(centred > _NOISE * squares, centred, torch.inf)
