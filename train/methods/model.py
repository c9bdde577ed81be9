"""Build the network, losses and training strategy of a method, from its row of METHODS."""

from collections.abc import Sequence

import torch

from errors import pick
from train.methods import Method
from train.methods.added_heads import make_added_heads
from train.methods.backbones import BACKBONES
from train.methods.backbones.base import Backbone
from train.methods.base import Classifier, LevelShape, TrainingStrategy
from train.methods.classification_loss import classification_loss
from train.methods.heads import HEADS
from train.methods.losses import LOSSES
from train.methods.strategies import STRATEGIES
from train.methods.weights import load_head_start, load_weights
from train.options import head_options, loss_options, strategy_options
from train.params import TrainParams
from train.pretrained import check_named_weights
from train.records import Loss


def build_model(method: Method, params: TrainParams, classes: int) -> Classifier:
    """Make a method's network; weights are random where none are given.

    Raises:
        UsageError: if a name or an option is not known.
    """
    model = build_network(method, params, classes)
    load_weights(model, params, method.head)
    load_head_start(model.head, params.head)
    return fit_strategy(model, method, params)


def build_network(method: Method, params: TrainParams, classes: int) -> Classifier:
    """Make backbone and head alone; `train.weights` is not loaded if it is a path.

    Raises:
        UsageError: if a name or an option is not known.
    """
    check_named_weights(params.backbone, params.weights, params.input)
    backbone = pick(BACKBONES, params.backbone, "backbone")(params)
    options = head_options(method, params.head)
    level = LevelShape(*_last_level(backbone, params.image_px), classes)
    head = HEADS[method.head](level, options)
    added = make_added_heads(params, level)
    return Classifier(backbone, head, params.input, params.head_dropout, added)


def fit_strategy(model: Classifier, method: Method, params: TrainParams) -> Classifier:
    """Insert the layers of the training strategy, which count as parts of the backbone from then.

    Raises:
        UsageError: if the strategy does not suit the backbone.
    """
    build_strategy(method, params).modify_backbone(model.backbone)
    return model.to(memory_format=torch.channels_last)


def _last_level(backbone: Backbone, image_px: int) -> tuple[int, int, int]:
    """Return channels, rows and columns of a backbone's last level."""
    backbone.eval()
    with torch.no_grad():
        levels, _ = backbone(torch.zeros(1, 3, image_px, image_px))
    backbone.train()
    channels, rows, columns = levels[-1].shape[1:]
    return channels, rows, columns


def build_losses(method: Method, params: TrainParams, counts_K: Sequence[int]) -> dict[str, Loss]:
    """Return a method's own losses.

    Args:
        method: whose losses.
        params: [train] of params.yaml.
        counts_K: training faces per expression, for class weights.

    Raises:
        UsageError: if an option is not known, or a loss is not one of the method's.
    """
    options = loss_options(method, params.losses)
    classify = classification_loss(params.classification, counts_K)
    return {name: LOSSES[name](options[name], classify) for name in method.losses}


def build_strategy(method: Method, params: TrainParams) -> TrainingStrategy:
    """Return how a method is trained.

    Raises:
        UsageError: if a name or an option is not known.
    """
    options = strategy_options(method, params.training_strategy)
    return STRATEGIES[method.training_strategy](options)
