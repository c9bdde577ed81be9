"""Optimisers and learning-rate schedules, by name."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from errors import pick
from train.fitting.fine_tuning import Factors
from train.params import TrainParams

_MIN_LR = 1e-7


Groups = list[dict[str, Any]]
"""Weights by their factor of the learning rate, as torch.optim takes them."""


def grouped(model: nn.Module, factors: Factors) -> Groups:
    """Group weights by their factor of the learning rate: theirs, or `lr_factor` of the module."""
    groups: dict[float, list[nn.Parameter]] = {}
    for module in model.modules():
        whole = getattr(module, "lr_factor", 1.0)
        for weight in module.parameters(recurse=False):
            groups.setdefault(factors.get(weight, whole), []).append(weight)
    return [{"params": weights, "lr_factor": factor} for factor, weights in groups.items()]


def _fused(groups: Groups) -> bool:
    """Say whether to use the kernels that leave the decision to step to the GPU."""
    return bool(groups[0]["params"][0].device.type == "cuda")


def _sgd(groups: Groups, params: TrainParams) -> torch.optim.Optimizer:
    """SGD with Nesterov momentum; weight decay on every parameter, as published."""
    optimiser = torch.optim.SGD(
        groups,
        lr=params.lr,
        momentum=params.momentum,
        weight_decay=params.weight_decay,
        nesterov=params.momentum > 0,
        fused=_fused(groups),
    )
    if _fused(groups) and params.momentum:
        # torch takes fresh memory for them; a first step that is skipped would leave it as it is.
        for weight in (one for group in groups for one in group["params"]):
            optimiser.state[weight]["momentum_buffer"] = torch.zeros_like(weight)
    return optimiser


def _adamw(groups: Groups, params: TrainParams) -> torch.optim.Optimizer:
    """AdamW; `momentum` is its first beta."""
    betas = (params.momentum, 0.999)
    return torch.optim.AdamW(
        groups, lr=params.lr, betas=betas, weight_decay=params.weight_decay, fused=_fused(groups)
    )


def _adam(groups: Groups, params: TrainParams) -> torch.optim.Optimizer:
    """Adam, weight decay in the gradient; `momentum` is its first beta."""
    betas = (params.momentum, 0.999)
    return torch.optim.Adam(
        groups, lr=params.lr, betas=betas, weight_decay=params.weight_decay, fused=_fused(groups)
    )


def moments(optimiser: torch.optim.Optimizer) -> int:
    """Return how many values an optimiser keeps per weight."""
    return 2 if "betas" in optimiser.defaults else int(optimiser.defaults["momentum"] > 0)


OPTIMISERS: dict[str, Callable[[Groups, TrainParams], torch.optim.Optimizer]] = {
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
