"""One training step: the model in training, and everything else that a step changes.

A step takes `accumulate` batches, each with the same weight, and updates the weights once. All
random numbers of a batch derive from (seed, epoch, batch, rank), so no generator state is saved.
Shapes: T losses.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from errors import pick
from train.checkpoint import State
from train.device import precision_of, send, start_fetch
from train.fitting.distributed import Distributed
from train.fitting.fine_tuning import FrozenLevels, learning_rate_factors
from train.fitting.gradient_buckets import GradientBuckets
from train.fitting.label_store import Labels, LabelStore
from train.fitting.loss_scale import LossScale
from train.fitting.moving_average import MovingAverage
from train.fitting.optimisers import OPTIMISERS, grouped, moments
from train.fitting.warm_start import load_warm_start
from train.methods import Method
from train.methods.base import Classifier
from train.methods.mixup import mixup
from train.methods.model import build_model, build_strategy
from train.params import TrainParams
from train.records import Batch, Loss

_AMP_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StepInfo:
    """What a step has to know of the schedule: its learning rate, and the epochs finished."""

    lr: float
    epoch: int


@dataclass(frozen=True, slots=True)
class StepResult:
    """Result of a step, the same on every rank.

    Attributes:
        losses: of the whole batch, by name.
        finite: whether the weights were updated; if not, nothing has changed.
        flags: for each flag, whether any rank had set it.
    """

    losses: dict[str, float]
    finite: bool
    flags: tuple[bool, ...]


class TrainingLabels(NamedTuple):
    """Labels of all rows of a store.

    Attributes:
        ids_N: class of every row.
        names: of the classes.
    """

    ids_N: Labels
    names: Sequence[str]


class TrainState:
    """The model, its EMA, its optimiser, the scale of the loss, and labels if they may change."""

    def __init__(
        self,
        method: Method,
        params: TrainParams,
        losses: Mapping[str, Loss],
        distributed: Distributed,
        labels: TrainingLabels,
        seed: int,
    ) -> None:
        """Build the model with the weights that the seed gives.

        Args:
            method: which head, training strategy and losses.
            params: [train] of params.yaml.
            losses: by name, each a mean over faces.
            distributed: the ranks that train it.
            labels: of every row of the store, for methods that change them, and the classes.
            seed: of the run.

        Raises:
            UsageError: if a name or an option is not known, or the model does not suit a loss.
        """
        self._params, self._losses, self._dist = params, losses, distributed
        self._second_order, self._classes = not method.compiles, len(labels.names)
        torch.manual_seed(seed)
        model: Classifier = build_model(method, params, self._classes).to(distributed.device)
        started = load_warm_start(model, method, params, labels.names)
        self.model = distributed.sync_batch_norm(model) if params.sync_batch_norm else model
        if started and distributed.is_main:
            _LOG.warning("training %s", started)
        for loss in losses.values():
            loss.check(self.model)
        self._strategy = build_strategy(method, params)
        self.labels = LabelStore(labels.ids_N, distributed) if self._strategy.relabel else None
        self._ema = MovingAverage(self.model, params.ema) if params.ema else None
        self._gradients = GradientBuckets(self.model, distributed)
        self._frozen = FrozenLevels(self.model.backbone, params)
        groups = grouped(self.model, learning_rate_factors(self.model.backbone, params))
        self.optimiser = pick(OPTIMISERS, params.optimiser, "optimiser")(groups, params)
        self._precision = precision_of(params.amp, distributed.device)
        self._loss_scale = LossScale(self._precision == "fp16", distributed.device)
        self._forward = _compiled(self.model, method, params.compile)
        self._running_stats = [one for one in self.model.buffers() if one.is_floating_point()]
        self._saved_stats = [one.clone() for one in self._running_stats]
        self._running_bits, self._saved_bits = (
            [one.view(torch.int32) for one in stats]
            for stats in (self._running_stats, self._saved_stats)
        )

    @property
    def eval_model(self) -> Classifier:
        """The model that is validated and exported: the EMA of the weights, if there is one."""
        if self._ema is None:
            return self.model
        return self._ema.model

    @property
    def needs_second_view(self) -> bool:
        """Whether batches have to carry a second view of each face."""
        return self._strategy.second_view

    @property
    def checkpoint_bytes(self) -> int:
        """About how large a checkpoint is, once the optimiser has made a step."""
        weights: int = sum(one.nbytes for one in self.model.state_dict().values())
        copies = 1 if self._ema is None else 2
        trained: int = sum(one.nbytes for one in self.model.parameters())
        return weights * copies + trained * moments(self.optimiser)

    def step(
        self, batches: Iterable[Batch], count: int, info: StepInfo, flags: tuple[bool, ...]
    ) -> Callable[[], StepResult]:
        """Update the weights, unless the loss or its gradient is not finite.

        Nothing here waits for a GPU: it decides itself whether to update.

        Args:
            batches: this rank's shares.
            count: number of batches.
            info: learning rate and epoch.
            flags: of this rank; the result says for each whether any rank had set it.

        Returns:
            A function that returns the result, to be called once, in the order of the steps, before
            the state is saved. It waits for a GPU, so it is best called after the next step.
        """
        if self._params.compile == "reduce-overhead":  # a graph may overwrite the step before
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        self.model.train()
        self._frozen.apply(info.epoch)
        self.optimiser.zero_grad(set_to_none=True)
        _copy(self._running_stats, self._saved_stats)
        losses_T = torch.zeros(len(self._losses), device=self._dist.device)
        for number, batch in enumerate(batches, start=1):
            batch_losses_T = self._losses_of(batch, info.epoch) / count
            loss = self._loss_scale.scale(batch_losses_T.sum())
            self._gradients.backward(loss, is_last=number == count)
            losses_T += batch_losses_T.detach()
        self._gradients.finish()
        gradients = [one.grad for one in self.model.parameters() if one.grad is not None]
        self._loss_scale.unscale_(gradients)
        norm = get_total_norm(gradients)
        if self._params.clip_norm:
            clip_grads_with_norm_(self.model.parameters(), self._params.clip_norm, norm)
        flags_F = send(torch.tensor(flags, dtype=losses_T.dtype), losses_T.device)
        totals = self._dist.all_reduce(torch.cat([losses_T, flags_F]))
        overflowed = ~norm.isfinite()
        # Half precision may overflow as long as the scale can still be lowered.
        bad = ~totals[: len(losses_T)].isfinite().all() | (
            overflowed & ~self._loss_scale.can_shrink
        )
        self._update(info.lr, unless=bad | overflowed)
        self._restore_running_stats(bad)
        self._loss_scale.update(overflowed)
        if self.labels:
            self.labels.commit(~bad)
        return partial(self._result, start_fetch(torch.cat([totals, bad[None]])))

    def state_dict(self) -> State:
        """Return all that a step changes."""
        return {
            "model": self.model.state_dict(),
            "average": self._ema.model.state_dict() if self._ema else None,
            "optimiser": self.optimiser.state_dict(),
            "loss_scale": self._loss_scale.state_dict(),
            "labels": self.labels.state_dict() if self.labels else None,
        }

    def load_state_dict(self, state: State) -> None:
        """Restore what `state_dict` returned.

        Its tensors should be on the CPU: model and optimiser move each to where it belongs.
        """
        self.model.load_state_dict(state["model"])
        if self._ema:
            self._ema.model.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._loss_scale.load_state_dict(state["loss_scale"])
        if self.labels:
            self.labels.load_state_dict(state["labels"])

    def _losses_of(self, batch: Batch, epoch: int) -> Tensor:
        """Return this rank's part of every loss: (T,); their sums over the ranks are means."""
        device, strategy = self._dist.device, self._strategy
        amp = _AMP_DTYPES.get(self._precision)
        batch = self.labels.apply(batch) if self.labels else batch
        prepared = strategy.prepare_batch(batch, self._classes)
        batch = mixup(prepared, self._params.classification.mixup_alpha, self._classes)
        if self._second_order and self._frozen.rest_at(epoch):
            batch.images_B3HW.requires_grad_()  # a frozen level has to have a gradient, too
        with torch.autocast(device.type, dtype=amp, enabled=amp is not None):
            forward = strategy.forward(self._forward, batch)
        if self.labels and strategy.relabel:
            self.labels.propose(batch, strategy.relabel(forward, batch, epoch))
        losses = self._losses.values()
        counts = torch.stack([loss.count(batch) for loss in losses])
        shares_T = counts / self._dist.all_reduce(counts).clamp(min=1)
        return torch.stack([loss.function(forward, batch) for loss in losses]) * shares_T

    def _update(self, lr: float, unless: Tensor) -> None:
        """Update the weights; a GPU decides itself whether to, without the processor."""
        for group in self.optimiser.param_groups:
            group["lr"] = lr * group["lr_factor"]
        if unless.device.type == "cuda":
            fused: Any = self.optimiser  # as torch's GradScaler tells it
            fused.found_inf = unless.float()
            self.optimiser.step()
        elif not unless:
            self.optimiser.step()
        if self._ema:
            self._ema.update(unless)

    def _restore_running_stats(self, bad: Tensor) -> None:
        """Undo a bad step's statistics; as whole numbers, because 0 * nan is no 0."""
        if self._running_bits:
            change = torch._foreach_sub(self._saved_bits, self._running_bits)
            torch._foreach_mul_(change, bad.int())
            torch._foreach_add_(self._running_bits, change)

    def _result(self, fetched: Callable[[], Tensor]) -> StepResult:
        *totals, bad = fetched().tolist()
        losses = dict(zip(self._losses, totals, strict=False))
        return StepResult(losses, not bad, tuple(one > 0 for one in totals[len(self._losses) :]))


def _compiled(model: Classifier, method: Method, mode: str) -> Classifier:
    """Return a model that is compiled at its first call, or as it is."""
    if mode == "none":
        return model
    if not method.compiles:
        _LOG.warning("train.compile: this method cannot be compiled and runs uncompiled.")
        return model
    # Each batch size has kernels of its own: with shared ones, results would depend on which size
    # came first, and so on where a run was resumed.
    return cast(Classifier, torch.compile(model, dynamic=False, mode=mode))


def _copy(sources: list[Tensor], targets: list[Tensor]) -> None:
    if sources:  # a model without batch normalisation has none
        torch._foreach_copy_(targets, sources)


def make_generator(device: torch.device, *key: int) -> torch.Generator:
    """Return a generator seeded by a key, and seed torch's global ones, which dropout uses.

    Args:
        device: of the generator.
        key: such as (seed, epoch, batch, rank).
    """
    seed = seed_of(*key)
    torch.manual_seed(seed)
    return torch.Generator(device).manual_seed(seed)


def seed_of(*key: int) -> int:
    """Return a seed for a key, from 0 to 2**63 - 1."""
    state = np.random.SeedSequence(key).generate_state(1, np.uint64)[0]
    return int(state >> np.uint64(1))
