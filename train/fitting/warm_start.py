"""Warm start: training goes on from a run of one's own, on another dataset or with other numbers.

`train.weights` names the folder of the run. Its backbone is taken from the best checkpoint, the
EMA weights if it kept some; its head only where it means the same: the same kind of head, the same
expressions, the same shapes; an added head where it has it. The optimiser begins anew.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from contracts.runs import RunCard
from errors import UsageError
from train.loading import load_run
from train.methods import METHODS, Method
from train.methods.base import Classifier
from train.params import TrainParams
from train.pretrained import names_a_run

_LOG = logging.getLogger(__name__)


def load_warm_start(
    model: Classifier, method: Method, params: TrainParams, names: Sequence[str]
) -> str:
    """Give a model the weights of the run that `train.weights` names, if it names one.

    Args:
        model: of this run.
        method: of this run.
        params: [train] of params.yaml.
        names: classes of this run.

    Returns:
        A line that says what was taken; empty if nothing was.

    Raises:
        NoInputError, CorruptError, DataError: see train.loading.load_run.
        UsageError: if the run has another backbone.
    """
    if not names_a_run(params.weights):
        return ""
    path = Path(params.weights)
    source, _, card = load_run(path, "best", torch.device("cpu"))
    theirs = str(card.params["backbone"])
    if theirs != params.backbone:
        raise UsageError(
            "train.backbone", f"is {params.backbone}, and {path} has {theirs}. Set that."
        )
    _copy(source.backbone, model.backbone, path)
    added = _copy_added(source, model)
    reason = _reason_for_a_new_head(source, card, model, method, names)
    if reason:
        return f"starts from {path}: its backbone{added}; the head is new, since {reason}"
    model.head.load_state_dict(source.head.state_dict())
    return f"starts from {path}: its backbone and its head{added}"


def _copy_added(source: Classifier, target: Classifier) -> str:
    """Take the added heads that both have; return what to say of those of the target."""
    known = [name for name in target.added if name in source.added]
    for name in known:
        target.added[name].load_state_dict(source.added[name].state_dict())
    new = [name for name in target.added if name not in known]
    words = [
        *(f", and the one for {name}" for name in known),
        *(f"; the one for {name} is new" for name in new),
    ]
    return "".join(words)


def _copy(source: nn.Module, target: nn.Module, path: Path) -> None:
    """Copy tensors in their order: a training strategy may have put layers between, which renames.

    Raises:
        UsageError: if shapes differ.
    """
    theirs, ours = source.state_dict(), target.state_dict()
    if [one.shape for one in theirs.values()] != [one.shape for one in ours.values()]:
        raise UsageError(
            "train.weights",
            f"{path} has other shapes than this backbone. Set train.image_px and train.token_px as "
            "they were there.",
        )
    target.load_state_dict(dict(zip(ours, theirs.values(), strict=True)))


def _reason_for_a_new_head(
    source: Classifier, card: RunCard, model: Classifier, method: Method, names: Sequence[str]
) -> str:
    """Say why a run's head is not taken; empty if it is."""
    if card.labels.names != tuple(names):
        return f"it tells {len(card.labels)} other expressions apart"
    theirs = METHODS[card.method].head
    if theirs != method.head:
        return f"its method {card.method} has the head {theirs}, this one {method.head}"
    shapes = [
        {name: value.shape for name, value in one.head.state_dict().items()}
        for one in (source, model)
    ]
    return "" if shapes[0] == shapes[1] else "its head has other sizes"
