"""Equations 2 and 3 of the paper, by hand."""

import pytest
import torch

from anatomy.patches import PATCHES
from train.occlusion.self_assembly import neighbour_means, self_assemble


def test_a_mean_is_over_the_neighbours_there_are():
    cells = torch.zeros(PATCHES, 1)
    cells[0] = 4.0
    means = neighbour_means(cells)
    assert means[0].item() == pytest.approx(4 / 4)
    assert means[15].item() == pytest.approx(4 / 9)
    assert means[3].item() == 0


def test_hidden_cells_follow_the_equation_in_their_order():
    cells = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0], [1.0, 1.0]])
    hidden = torch.tensor([False, False, True, True])
    mirrored = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, 5.0], [2.0, 0.0]])
    made = self_assemble(cells, hidden, mirrored)
    torch.testing.assert_close(made[:2], cells[:2])
    # cell 2 = (3, 0): mirrored (0, 5) is at a right angle, known (1, 0) alike, none before
    torch.testing.assert_close(made[2], torch.tensor([1.0, 0.0]))
    # cell 3 = (1, 1): mirrored (2, 0), the first known (1, 0), before (1, 0): all at 45 degrees
    torch.testing.assert_close(made[3], torch.tensor([4 / 3, 0.0]))


def test_without_anything_alike_the_coarse_cell_stays():
    cells = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    hidden = torch.tensor([False, True])
    torch.testing.assert_close(self_assemble(cells, hidden, -cells), cells)


def test_a_face_that_is_hidden_whole_stays_coarse():
    cells = torch.randn(4, 3)
    assert torch.equal(self_assemble(cells, torch.ones(4, dtype=torch.bool), cells), cells)
