"""From a row of METHODS and the numbers of a run to a network."""

import torch

from errors import pick
from train.methods.backbones import BACKBONES
from train.methods.head import Classifier
from train.methods.heads import HEADS
from train.methods.regimes import REGIMES, Regime
from train.methods.weights import load_weights
from train.params import TrainParams
from train.records import Method


def build_model(method: Method, params: TrainParams) -> Classifier:
    """Make a method's network, with fresh weights where none are given.

    Raises:
        UsageError: if a name or an option is not known.
    """
    backbone = pick(BACKBONES, params.backbone, "backbone")(params)
    model = Classifier(
        backbone, pick(HEADS, method.head, "head")(backbone.channels[-1], params.head)
    )
    load_weights(model, params)
    build_regime(method, params).fit(backbone)
    return model.to(memory_format=torch.channels_last)


def build_regime(method: Method, params: TrainParams) -> Regime:
    """Return how a method is trained.

    Raises:
        UsageError: if a name or an option is not known.
    """
    return pick(REGIMES, method.regime, "regime")(params.regime)
