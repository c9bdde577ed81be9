"""Thin-plate splines, and maps known at the nodes of a grid."""

import numpy as np

from demo import warp


def test_a_spline_carries_its_points_exactly_and_keeps_affine_maps():
    rng = np.random.default_rng(0)
    points, there = rng.normal(size=(9, 2)), rng.normal(size=(9, 2))
    found = warp.thin_plate_spline(points, there, points)
    np.testing.assert_allclose(found, there, atol=1e-9)
    turned = points @ [[0.0, 2.0], [-1.0, 0.5]] + [3.0, 4.0]
    elsewhere = rng.normal(size=(5, 2))
    moved = warp.thin_plate_spline(points, turned, elsewhere)
    np.testing.assert_allclose(moved, elsewhere @ [[0.0, 2.0], [-1.0, 0.5]] + [3.0, 4.0], atol=1e-9)


def test_a_linear_map_survives_the_grid():
    x, y = np.meshgrid(warp.grid(50, 11), warp.grid(30, 11))
    lookup = warp.dense(np.stack([2 * x + y, y - 3], axis=-1), 50, 30)
    expected_x, expected_y = np.meshgrid(np.arange(50), np.arange(30))
    np.testing.assert_allclose(lookup[..., 0], 2 * expected_x + expected_y, atol=1e-4)
    np.testing.assert_allclose(lookup[..., 1], expected_y - 3, atol=1e-4)
