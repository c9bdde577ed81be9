"""Valence and arousal beside the expressions: two numbers per face, and the loss that learns them.

Shapes: B batch, C channels, H W rows and columns of the deepest level, 2 valence and arousal.
"""

import torch
from torch import Tensor, nn

from store.reading import VALENCE_AROUSAL
from train.methods.base import LevelShape, init_xavier
from train.params import TrainParams
from train.records import Batch, Forward, Loss

FEWEST_FACES = 2
"""So many faces of a batch have to be known, for a correlation to say anything."""
_EPS = 1e-8


class ValenceArousalHead(nn.Module):
    """Global average pooling and a linear layer: (B, C, H, W) -> (B, 2).

    Without an activation, as published; what is predicted after training is cut off at -1 and 1,
    beyond which there are no values. Source: Toisoul et al., Nature Machine Intelligence 2021.
    """

    def __init__(self, level: LevelShape) -> None:
        super().__init__()
        self.linear = init_xavier(nn.Linear(level.channels, 2))

    def forward(self, level_BCHW: Tensor) -> Tensor:
        """Return valence and arousal in single precision; in training not cut off."""
        values_B2: Tensor = self.linear(level_BCHW.mean(dim=(2, 3))).float()
        return values_B2 if self.training else values_B2.clamp(-1, 1)


def known_values(batch: Batch) -> Tensor:
    """Say which faces have both a valence and an arousal: (B,) bool."""
    assert batch.valence_arousal_B2 is not None  # Loss.needs_valence_arousal
    return batch.valence_arousal_B2.isfinite().all(dim=1)


def concordance(predicted_B2: Tensor, true_B2: Tensor, counted_B: Tensor) -> Tensor:
    """Return the concordance correlation coefficient of each column over some faces: (2,).

    1 if all values are equal; 0 if they do not correlate, or one side is constant.

    Args:
        predicted_B2: valence and arousal.
        true_B2: the same as the dataset says; finite where it counts.
        counted_B: which faces count, bool.

    Source: Lin, A Concordance Correlation Coefficient to Evaluate Reproducibility, Biometrics 1989.
    """
    share_B1 = (counted_B / counted_B.sum().clamp(min=1))[:, None]
    true_B2 = torch.where(counted_B[:, None], true_B2, 0)
    means = [(share_B1 * one).sum(dim=0) for one in (predicted_B2, true_B2)]
    from_mean = [one - mean for one, mean in zip((predicted_B2, true_B2), means, strict=True)]
    variances = [(share_B1 * one.square()).sum(dim=0) for one in from_mean]
    covariance_2 = (share_B1 * from_mean[0] * from_mean[1]).sum(dim=0)
    spread_2 = variances[0] + variances[1] + (means[0] - means[1]).square()
    return 2 * covariance_2 / spread_2.clamp(min=_EPS)


def valence_arousal_loss(params: TrainParams) -> Loss:
    """Return one minus the mean concordance of valence and arousal, times its weight.

    It is a statistic of the batch, not a mean over faces: with `accumulate` it is the mean over
    the batches of a step, with several ranks over their parts, weighted by their known faces. Faces
    without values do not count; with less than two of them it is 0.

    Source: Kollias et al., Deep Affect Prediction in-the-Wild, IJCV 2019.
    """
    weight = params.valence_arousal.weight

    def loss(forward: Forward, batch: Batch) -> Tensor:
        assert batch.valence_arousal_B2 is not None  # Loss.needs_valence_arousal
        counted_B = known_values(batch)
        predicted_B2 = forward.extra[VALENCE_AROUSAL]
        found_2 = concordance(predicted_B2, batch.valence_arousal_B2, counted_B)
        return weight * (1 - found_2.mean()) * (counted_B.sum() >= FEWEST_FACES)

    return Loss(loss, count=lambda batch: known_values(batch).sum(), needs_valence_arousal=True)
