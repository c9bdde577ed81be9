"""Self-assembly: a hidden cell is made of its mirror image, a known cell, and the one before.

Shapes: P = 196 cells in rows, D numbers per cell.

Source: Lee et al., Latent-OFER, ICCV 2023, equations 2 and 3. There the cells are features inside a
U-Net that is trained with two discriminators; neither is here.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from anatomy.patches import GRID, PATCHES


def neighbour_means(cells_PD: Tensor) -> Tensor:
    """Return the mean of every cell and its neighbours, fewer at the rim: (P, D)."""
    grid = cells_PD.T.reshape(1, -1, GRID, GRID)
    means = F.avg_pool2d(grid, 3, stride=1, padding=1, count_include_pad=False)
    return means.reshape(-1, PATCHES).T


def self_assemble(cells_PD: Tensor, hidden_P: Tensor, mirrored_PD: Tensor) -> Tensor:
    """Make every hidden cell anew, in the order of rows.

    Args:
        cells_PD: of the coarse picture.
        hidden_P: bool. Others stay as they are; if all are hidden, all do.
        mirrored_PD: of the mirrored picture, each averaged with its neighbours.

    Returns:
        p_i = (S_sym p_s + S_known p_k + S_prev p_(i-1)) / (S_sym + S_known + S_prev), each S the
        cosine of the coarse cell with it, negative ones 0; the coarse cell if all three are 0.
    """
    known_KD, made_PD = cells_PD[~hidden_P], cells_PD.clone()
    if not len(known_KD):
        return made_PD
    directions_KD = F.normalize(known_KD, dim=1)
    before_D = torch.zeros_like(cells_PD[0])
    for place in torch.nonzero(hidden_P)[:, 0].tolist():
        coarse_D = cells_PD[place]
        nearest = int((directions_KD @ F.normalize(coarse_D, dim=0)).argmax())
        parts_3D = torch.stack([mirrored_PD[place], known_KD[nearest], before_D])
        similar_3 = F.cosine_similarity(parts_3D, coarse_D[None], dim=1).clamp(min=0)
        total = similar_3.sum()
        made_PD[place] = (similar_3[:, None] * parts_3D).sum(dim=0) / total if total else coarse_D
        before_D = made_PD[place]
    return made_PD
