"""Optimisers and learning-rate schedules, by name."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from errors import pick
from train.params import TrainParams

_MIN_LR = 1e-7


def _groups(model: nn.Module) -> list[dict[str, Any]]:
    """Group weights by their factor of the learning rate, `lr_factor` of a module or 1."""
    groups: dict[float, list[nn.Parameter]] = {}
    for module in model.modules():
        factor = getattr(module, "lr_factor", 1.0)
        groups.setdefault(factor, []).extend(module.parameters(recurse=False))
    return [
        {"params": weights, "lr_factor": factor} for factor, weights in groups.items() if weights
    ]


def _sgd(model: nn.Module, params: TrainParams) -> torch.optim.Optimizer:
    """SGD with Nesterov momentum; weight decay on every parameter, as published."""
    return torch.optim.SGD(
        _groups(model),
        lr=params.lr,
        momentum=params.momentum,
        weight_decay=params.weight_decay,
        nesterov=params.momentum > 0,
    )


def _adamw(model: nn.Module, params: TrainParams) -> torch.optim.Optimizer:
    """AdamW; `momentum` is its first beta."""
    betas = (params.momentum, 0.999)
    return torch.optim.AdamW(
        _groups(model), lr=params.lr, betas=betas, weight_decay=params.weight_decay
    )


def _adam(model: nn.Module, params: TrainParams) -> torch.optim.Optimizer:
    """Adam, weight decay in the gradient; `momentum` is its first beta."""
    betas = (params.momentum, 0.999)
    return torch.optim.Adam(
        _groups(model), lr=params.lr, betas=betas, weight_decay=params.weight_decay
    )


def moments(optimiser: torch.optim.Optimizer) -> int:
    """Return how many values an optimiser keeps per weight."""
    return 2 if "betas" in optimiser.defaults else int(optimiser.defaults["momentum"] > 0)


OPTIMISERS: dict[str, Callable[[nn.Module, TrainParams], torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adamw": _adamw,
    "adam": _adam,
}


def _step(params: TrainParams, epochs: float) -> float:
    """Multiply by gamma every `lr_step_epochs` epochs. Published."""
    return params.lr_gamma ** (math.floor(epochs) // params.lr_step_epochs)


def _cosine(params: TrainParams, epochs: float) -> float:
    """Decay along half a cosine to zero at the end.

    Source: Loshchilov and Hutter, SGDR, ICLR 2017, without restarts.
    """
    return (1 + math.cos(math.pi * epochs / params.epochs)) / 2


SCHEDULES: dict[str, Callable[[TrainParams, float], float]] = {
    "step": _step,
    "cosine": _cosine,
}
"""Name -> (params, epochs done, as a float) -> factor of the learning rate."""


def learning_rate(params: TrainParams, step: int, steps_per_epoch: int) -> float:
    """Return the learning rate of a step, counted from 0 over the whole run.

    Over the first `warmup_epochs` the schedule's rate is multiplied by a linear ramp.

    Raises:
        UsageError: if the schedule is not known.
    """
    factor = pick(SCHEDULES, params.schedule, "schedule")(params, step / steps_per_epoch)
    warm = params.warmup_epochs * steps_per_epoch
    if step + 1 < warm:
        factor *= (step + 1) / warm
    return max(params.lr * factor, _MIN_LR)
