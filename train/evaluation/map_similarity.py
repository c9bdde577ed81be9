"""Compare maps on a canvas without enlarging them to it.

Resizing is linear: a map `a` is `R a Qᵀ` on the canvas. So its product with a target `T` is that of
`a` with `Rᵀ T Q`, and its length follows from `RᵀR` and `QᵀQ`. The results equal those of maps
enlarged to the canvas, at the cost of maps of the attention's own size.

Shapes: B batch, h w an attention's own size, C side of the canvas, T targets, S a smaller side.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

_EPS = 1e-8
_NOISE = 1e-10
"""Below this share of the map's square, the centred square is rounding: the map is constant."""


@cache
def resize_matrix(
    side: int, to: int, device: torch.device, *, align_corners: bool, antialias: bool
) -> Tensor:
    """Return the matrix (to, side) that resizes a column, as torch's bilinear resizing does."""
    with torch.inference_mode(False):  # it is kept, and may be used with gradients later
        return F.interpolate(
            torch.eye(side)[None, None],
            [to, side],
            mode="bilinear",
            align_corners=align_corners,
            antialias=antialias,
        )[0, 0].to(device)


Resizing = Callable[[int, int, torch.device], Tensor]

GEOMETRIES: dict[str, Resizing] = {
    "exact": partial(resize_matrix, align_corners=False, antialias=False),
    "published": partial(resize_matrix, align_corners=True, antialias=True),
}
"""How attention is brought to the canvas: (side, canvas side, device) -> (canvas side, side).

`exact` has half-pixel centres. `published` aligns corners *and* antialiases, as the published
evaluation does, which shifts attention by about 3 %. CAMs always use `exact`, as published.
"""

shrink_matrix: Resizing = partial(resize_matrix, align_corners=False, antialias=True)
"""(side, smaller side, device) -> matrix (smaller side, side)."""


class MapSimilarity(NamedTuple):
    """MapSimilarity of each map with every target.

    Attributes:
        cosine_BT: as vectors; a map with negative values is first lifted to a minimum of zero.
            Zero where either is zero.
        centred_BT: with both means taken out, Pearson's correlation. Zero where either is constant.
    """

    cosine_BT: Tensor
    centred_BT: Tensor


class TargetMaps:
    """A batch of targets (B, T, C, C), to compare maps of any size with."""

    def __init__(self, targets_BTCC: Tensor) -> None:
        self._targets = targets_BTCC
        self._pixels = targets_BTCC.shape[-1] ** 2
        self._sums_BT = targets_BTCC.sum(dim=(2, 3))
        self._squares_BT = torch.linalg.vector_norm(targets_BTCC, dim=(2, 3)).square()

    def uniform_cosine(self) -> Tensor:
        """Return the cosine of a uniform map with every target: (B, T)."""
        lengths_BT: Tensor = (self._pixels * self._squares_BT).sqrt().clamp(min=_EPS)
        return self._sums_BT / lengths_BT

    def similarities(
        self, maps: Sequence[Tensor], geometries: Sequence[str]
    ) -> list[MapSimilarity]:
        """Compare maps (B, h, w), each in its geometry, as if they were enlarged to the canvas."""
        keys = [(name, one.shape[-2:]) for name, one in zip(geometries, maps, strict=True)]
        matrices = {key: self._matrices(*key) for key in keys}
        # One product for all sizes: the targets are large, and reading them is what costs.
        stacked = torch.cat([rows_Ch for rows_Ch, _ in matrices.values()], dim=1).T @ self._targets
        heights = [rows_Ch.shape[1] for rows_Ch, _ in matrices.values()]
        seen = {
            key: part @ columns_Cw
            for (key, (_, columns_Cw)), part in zip(
                matrices.items(), torch.split(stacked, heights, dim=2), strict=True
            )
        }
        return [
            self._similarity(one, seen[key], *matrices[key])
            for key, one in zip(keys, maps, strict=True)
        ]

    def _similarity(
        self, maps_Bhw: Tensor, seen_BThw: Tensor, rows_Ch: Tensor, columns_Cw: Tensor
    ) -> MapSimilarity:
        """Compare one map per face with targets as a map of its size sees them."""
        mean_B = maps_Bhw.mean(dim=(1, 2))
        # Without its mean a map's sums stay exact however flat it is.
        uneven_Bhw = maps_Bhw - mean_B[:, None, None]
        lift_B = mean_B - maps_Bhw.amin(dim=(1, 2)).clamp(max=0)
        dots_BT = _dots(seen_BThw, uneven_Bhw)
        sums_B = torch.einsum("byx,y,x->b", uneven_Bhw, rows_Ch.sum(0), columns_Cw.sum(0))
        through_Bhw = (rows_Ch.T @ rows_Ch) @ uneven_Bhw @ (columns_Cw.T @ columns_Cw)
        squares_B = (uneven_Bhw * through_Bhw).sum(dim=(1, 2)).clamp(min=0)
        lifted_B = squares_B + 2 * lift_B * sums_B + lift_B.square() * self._pixels
        centred_B = squares_B - sums_B.square() / self._pixels
        centred_BT = self._squares_BT - self._sums_BT.square() / self._pixels
        return MapSimilarity(
            _quotient(
                dots_BT + lift_B[:, None] * self._sums_BT, lifted_B.clamp(min=0), self._squares_BT
            ),
            _quotient(
                dots_BT - sums_B[:, None] * self._sums_BT / self._pixels,
                _unless_noise(centred_B, lifted_B),
                _unless_noise(centred_BT, self._squares_BT),
            ),
        )

    def _matrices(self, geometry: str, size: Sequence[int]) -> tuple[Tensor, Tensor]:
        side, device = self._targets.shape[-1], self._targets.device
        rows, columns = (GEOMETRIES[geometry](length, side, device) for length in size)
        return rows, columns


def resample(maps_Bhw: Tensor, geometry: str, canvas_px: int, size_px: int) -> Tensor:
    """Enlarge maps to the canvas and shrink them to a small side, in one step: (B, S, S)."""
    device = maps_Bhw.device
    shrink_SC = shrink_matrix(canvas_px, size_px, device)
    rows_Sh, columns_Sw = (
        shrink_SC @ GEOMETRIES[geometry](length, canvas_px, device)
        for length in maps_Bhw.shape[-2:]
    )
    return rows_Sh @ maps_Bhw @ columns_Sw.T


def _dots(targets_BThw: Tensor, maps_Bhw: Tensor) -> Tensor:
    """Multiply every target with one map per face: (B, T)."""
    return (targets_BThw.flatten(2) @ maps_Bhw.flatten(1)[:, :, None])[..., 0]


def _quotient(dots_BT: Tensor, squares_B: Tensor, squares_BT: Tensor) -> Tensor:
    return dots_BT / (squares_B.sqrt()[:, None] * squares_BT.sqrt()).clamp(min=_EPS)


def _unless_noise(centred: Tensor, squares: Tensor) -> Tensor:
    """Return centred squares; infinity, which makes a cosine zero, where they are rounding."""
    return torch.where(centred > _NOISE * squares, centred, torch.inf)
