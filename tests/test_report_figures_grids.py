"""A grid as one PNG."""

import io

import numpy as np
from matplotlib.image import imread

from report.figures.grids import Grid, GridRow, grid_figure


def test_a_grid_is_as_many_cells_wide_and_high_as_it_has():
    red = np.full((8, 8, 3), (255, 0, 0), np.uint8)
    rows = (GridRow("a", (("note", True),), (red, "no map")), GridRow("b", (), (red, red)))
    image = imread(io.BytesIO(grid_figure(Grid(("x", "y"), rows))))[..., :3]
    assert image.shape[:2] == (360, 600)  # 2.4 by 4 inches at 150 dpi
    np.testing.assert_allclose(image[60 + 75, 300 + 75], (1, 0, 0), atol=0.01)
    assert image[60 + 75, 450 + 20 : 450 + 130].min(axis=-1).max() > 0.8
