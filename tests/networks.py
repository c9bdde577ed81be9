"""params.yaml with the network of the tests, and backbones and losses made from it."""

from functools import cache
from pathlib import Path

import torch

from params.root import validate
from train.methods.backbones import BACKBONES
from train.methods.classification_loss import classification_loss
from train.methods.losses import cross_entropy
from yaml_files import read_yaml

NETWORK = {"backbone": "resnet18", "weights": "none", "image_px": 64, "amp": "none"}
"""What tests build and train unless they name another: params.yaml may ship whatever is best.

In single precision, so that numbers are the same on processors with bf16 and without."""


@cache
def scratch():
    """Return params.yaml with the network of the tests."""
    file = Path(__file__).parents[1] / "params.yaml"
    whole = read_yaml(file)
    return validate({**whole, "train": {**whole["train"], **NETWORK}}, file)


def shipped():
    """Return its [train]."""
    return scratch().train


def made_backbone(name, **changes):
    """Make a backbone with seed 0."""
    torch.manual_seed(0)
    return BACKBONES[name](shipped().model_copy(update={"backbone": name, **changes}))


def sides(levels):
    """Return the width of every level."""
    return [level.shape[-1] for level in levels]


def classifying(counts=(1,) * 7, **changes):
    """Return the classification loss as shipped, but for what is changed."""
    params = shipped().classification
    return classification_loss(params.model_copy(update=changes), counts)


def plain_cross_entropy(forward, batch):
    """Return the loss `cross_entropy` as shipped."""
    return cross_entropy(classifying()).function(forward, batch)
