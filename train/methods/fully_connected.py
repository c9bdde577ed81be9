"""VGG's fully connected classifier, the head of PAL's published network.

Shapes: B batch, C channels, H W rows and columns.
"""

from torch import Tensor, nn

from errors import UsageError
from train.methods.base import NO_EXTRA, Extra, Features, Head, LevelShape
from train.options import FullyConnectedParams
from train.records import Forward


class FullyConnectedHead(Head):
    """VGG's classifier: every place has weights of its own.

    Source: Simonyan and Zisserman, ICLR 2015.
    """

    def __init__(self, level: LevelShape, params: FullyConnectedParams) -> None:
        super().__init__()
        channels, rows, columns, classes = level
        if min(rows, columns) < 2:
            raise UsageError(
                "train.image_px",
                f"VGG's classifier halves the deepest level, which is {rows} x {columns} here. Use "
                "larger pictures, large_maps with a ResNet, or method pal.",
            )
        width = params.width
        self.layers = nn.Sequential(
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(channels * (rows // 2) * (columns // 2), width),
            nn.ReLU(),
            nn.Dropout(params.dropout),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(params.dropout),
            nn.Linear(width, classes),
        )

    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Return logits."""
        return Forward(self.layers(features[-1]), features)
