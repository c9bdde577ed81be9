"""Thin-plate splines: a smooth map of the plane that carries given points exactly onto others.

Shapes: P control points, M evaluated points, G grid nodes a side, S picture side in px.
Source: Bookstein, Principal warps, IEEE TPAMI 11(6), 1989.
"""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def _basis(at_M2: Points, points_P2: Points) -> Points:
    """Return r^2 log r of every pair and the affine terms, (M, P + 3)."""
    apart_x, apart_y = (at_M2[:, None, axis] - points_P2[:, axis] for axis in (0, 1))
    squared = apart_x * apart_x + apart_y * apart_y
    radial = 0.5 * squared * np.log(np.maximum(squared, 1e-12))
    return np.column_stack([radial, np.ones(len(at_M2)), at_M2])


def fit(from_P2: Points, to_P2: Points) -> Points:
    """Return the weights, (P + 3, 2), of the spline that carries `from_P2` onto `to_P2`."""
    count = len(from_P2)
    system = np.zeros((count + 3, count + 3))
    system[:count] = _basis(from_P2, from_P2)
    system[count:, :count] = system[:count, count:].T
    return np.linalg.solve(system, np.concatenate([to_P2, np.zeros((3, 2))]))


def evaluate(weights: Points, from_P2: Points, at_M2: Points) -> Points:
    """Return where the spline of `fit` carries the points `at_M2`, (M, 2)."""
    return _basis(at_M2, from_P2) @ weights


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
