"""Thin-plate splines: a smooth map of the plane that carries given points exactly onto others.

Shapes: P control points, M evaluated points, G grid nodes per side, S picture side in px.
Source: Bookstein, Principal warps, IEEE TPAMI 11(6), 1989.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

Points = NDArray[np.float64]


def thin_plate_spline(from_P2: Points, to_P2: Points, at_M2: Points) -> Points:
    """Return where the spline that carries `from_P2` onto `to_P2` carries the points `at_M2`."""
    spline = RBFInterpolator(from_P2, to_P2, kernel="thin_plate_spline")
    return np.asarray(spline(at_M2))


def grid(side_px: int, nodes: int) -> NDArray[np.float64]:
    """Return positions in px, (G,), of nodes that reach one step beyond a picture on both sides."""
    return np.linspace(-1, nodes - 2, nodes) * (side_px - 1) / (nodes - 3)


def dense(nodes_GG2: Points, width_px: int, height_px: int) -> NDArray[np.float32]:
    """Interpolate a map known at the nodes of `grid` to every pixel, (height, width, 2).

    By cubic convolution.
    """
    count = len(nodes_GG2)
    across = _cubic_weights(width_px, count)
    down = _cubic_weights(height_px, count)
    planes = [(down @ nodes_GG2[..., axis] @ across.T) for axis in (0, 1)]
    return np.stack(planes, axis=-1).astype(np.float32)


def _cubic_weights(side_px: int, nodes: int) -> NDArray[np.float64]:
    """Return the (side, G) matrix that interpolates nodes at every pixel (Keys 1981, a = -1/2)."""
    position = np.arange(side_px) * (nodes - 3) / (side_px - 1) + 1
    first = np.minimum(np.floor(position).astype(int), nodes - 3)
    t = position - first
    taps = (
        (-t + 2 * t**2 - t**3) / 2,
        (2 - 5 * t**2 + 3 * t**3) / 2,
        (t + 4 * t**2 - 3 * t**3) / 2,
        (t**3 - t**2) / 2,
    )
    weights = np.zeros((side_px, nodes))
    for offset, tap in zip((-1, 0, 1, 2), taps, strict=True):
        weights[np.arange(side_px), first + offset] += tap
    return weights
