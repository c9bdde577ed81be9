"""Readouts: where a model looked for a class, (model, forward, classes_B) -> raw maps (B, H, W).

Normalising and resizing has one home: train.scores.
"""

import torch
from torch import Tensor

from train.methods.heads import Classifier, Pooled
from train.records import Forward, Readout


def class_map(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Weight the deepest activations by the linear layer's weights for a class; no ReLU, no bias.

    Source: Zhou et al., CVPR 2016.
    """
    assert isinstance(model.head, Pooled)
    weights_BC = model.head.linear.weight[classes_B]
    return torch.einsum("bc,bchw->bhw", weights_BC, forward.features[-1])


READOUTS: dict[str, Readout] = {"class_map": class_map}
