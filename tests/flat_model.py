"""A backbone that keeps the picture's size, and options for every head that fits on it."""

from torch import nn

from train.methods.backbones.base import Backbone
from train.methods.heads import HEADS
from train.options import HEAD_OPTIONS

OPTIONS = {
    "gap": {},
    "wildcat": {"maps": 2, "top": 0.5, "bottom": 0.1, "alpha": 0.6, "arithmetic": "paper"},
    "prm": {"window": 3},
    "acol": {"width": 8, "threshold": 0.5},
    "ts_cam": {},
    "apvit": {
        **{"width": 16, "depth": 2, "heads": 2, "mlp": 2.0},
        **{"keep": 0.5, "pool_from": 2, "pool_keep": 0.9},
        **{"weights": "none", "weights_sha256": None},
    },
    "fully_connected": {"width": 8, "dropout": 0.5},
    "scn": {},
    "rul": {"width": 8, "dropout": 0.4, "lr_factor": 10.0},
}
"""Of every head that stands on its own: CAFE's wants the 512 channels of its tower."""


def made(name, level):
    """A head for a level of this shape."""
    return HEADS[name](level, HEAD_OPTIONS[name](**OPTIONS[name]))


class Flat(Backbone):
    """Two convolutions at the picture's own size, so that no oracle resizes a map."""

    def __init__(self):
        layers = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU()
        super().__init__(nn.Sequential(*layers), (8,) * 5)

    def forward(self, images_B3HW):
        return (self.net(images_B3HW),) * 5, {}
