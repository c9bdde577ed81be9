"""Optimisers and learning-rate schedules, by name."""

from collections.abc import Callable

import torch
from torch import nn

from train.params import TrainParams

_LEAST_LR = 1e-7


def _sgd(model: nn.Module, params: TrainParams) -> torch.optim.Optimizer:
    """SGD with Nesterov momentum; weight decay on every parameter, as published."""
    return torch.optim.SGD(
        model.parameters(),
        lr=params.lr,
        momentum=params.momentum,
        weight_decay=params.weight_decay,
        nesterov=params.momentum > 0,
    )


def _adamw(model: nn.Module, params: TrainParams) -> torch.optim.Optimizer:
    """AdamW; `momentum` is its first beta."""
    betas = (params.momentum, 0.999)
    return torch.optim.AdamW(
        model.parameters(), lr=params.lr, betas=betas, weight_decay=params.weight_decay
    )


OPTIMISERS: dict[str, Callable[[nn.Module, TrainParams], torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adamw": _adamw,
}


def step_lr(params: TrainParams, epoch: int) -> float:
    """Return the learning rate of an epoch, counted from 0.

    Multiplied by gamma every so many epochs. Published.
    """
    return max(params.lr * params.lr_gamma ** (epoch // params.lr_step_epochs), _LEAST_LR)
