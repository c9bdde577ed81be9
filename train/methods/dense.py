"""Hidden layers between global average pooling and the classifier.

The classifier then has no weights per channel, so there are no class maps: gradients explain it.
Shapes: B batch, C channels, H W rows and columns.
"""

from itertools import pairwise

from torch import Tensor, nn

from train.methods.base import NO_EXTRA, Extra, Features, Head, LevelShape, init_xavier
from train.options import DenseParams
from train.records import Forward


class DenseHead(Head):
    """Global average pooling, hidden layers with ReLU and dropout, and a linear layer."""

    def __init__(self, level: LevelShape, params: DenseParams) -> None:
        super().__init__()
        widths = [level.channels, *[params.width] * params.layers]
        hidden = [
            nn.Sequential(
                init_xavier(nn.Linear(before, after)), nn.ReLU(), nn.Dropout(params.dropout)
            )
            for before, after in pairwise(widths)
        ]
        self.layers = nn.Sequential(*hidden, init_xavier(nn.Linear(widths[-1], level.classes)))

    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Return logits."""
        return Forward(self.layers(features[-1].mean(dim=(2, 3))), features)
