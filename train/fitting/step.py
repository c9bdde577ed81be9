"""One step: a model in training with everything that a step changes.

A step takes `accumulate` batches of the feed, each of which weighs the same, and changes the
weights once. All its chance is drawn from (seed, epoch, batch, rank), so no generator's state has
to be kept.
Shapes: T terms.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from errors import ResourceError, pick
from train.checkpoint import State
from train.fitting.distributed import Distributed
from train.fitting.label_store import Labels, LabelStore
from train.fitting.optimisers import OPTIMISERS
from train.methods import Method
from train.methods.base import Classifier
from train.methods.model import build_model, build_strategy
from train.params import TrainParams
from train.records import Batch, Loss

_AMP_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Now:
    """When a step is: its learning rate, and how many epochs are finished."""

    lr: float
    epoch: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step came to, the same on every rank.

    Attributes:
        losses: of the whole batch, by term.
        finite: whether the step was taken; if not, nothing has changed.
        asked: for each wish, whether any rank had it.
    """

    losses: dict[str, float]
    finite: bool
    asked: tuple[bool, ...]


class Learner:
    """A model, its average, its optimiser, the scale of its gradients and perhaps labels."""

    def __init__(
        self,
        method: Method,
        params: TrainParams,
        losses: Mapping[str, Loss],
        distributed: Distributed,
        labels_N: Labels,
    ) -> None:
        """Make a model with the weights that the seed gives.

        Args:
            method: what it is.
            params: how it learns.
            losses: by name, each a mean over faces.
            ranks: who else trains it.
            labels_N: of every row of the store, for methods that change them.

        Raises:
            UsageError: if a name, an option or the model does not suit a loss.
        """
        self._params, self._losses, self._distributed = params, losses, distributed
        torch.manual_seed(params.seed)
        self.model: Classifier = build_model(method, params).to(distributed.device)
        for loss in losses.values():
            loss.check(self.model)
        self._regime = build_strategy(method, params)
        self.labels = LabelStore(labels_N, distributed) if self._regime.relabel else None
        self._average = _average_of(self.model, params.ema) if params.ema else None
        self.optimiser = pick(OPTIMISERS, params.optimiser, "optimiser")(self.model, params)
        self.scaler = torch.amp.GradScaler(distributed.device.type, enabled=params.amp == "fp16")
        if params.compile and not method.compiles:
            _LOG.warning("train.compile: this method cannot be compiled and runs plainly.")
        # Each batch size has kernels of its own: with shared ones, results would depend on which
        # size came first, and so on where a run was resumed.
        compiled = params.compile and method.compiles
        self._forward = cast(
            Classifier, torch.compile(self.model, dynamic=False) if compiled else self.model
        )
        self._statistics = [one for one in self.model.buffers() if one.is_floating_point()]
        self._before = [one.clone() for one in self._statistics]

    @property
    def judged(self) -> Classifier:
        """What is validated and kept as best: the average of the weights, if there is one."""
        if self._average is None:
            return self.model
        return cast(Classifier, self._average.module)

    def step(
        self, batches: Iterable[Batch], count: int, now: Now, wishes: tuple[bool, ...]
    ) -> Outcome:
        """Take a step, unless the loss or its gradient is not finite.

        Args:
            batches: this rank's shares.
            count: how many there are.
            now: when.
            wishes: of this rank; whatever any rank wants comes back to all.
        """
        self.model.train()
        self.optimiser.zero_grad(set_to_none=True)
        _copy(self._statistics, self._before)
        losses_T = torch.zeros(len(self._losses), device=self._distributed.device)
        for batch in batches:
            each_T = self._seen(batch, now.epoch) / count
            torch.autograd.backward(self.scaler.scale(each_T.sum()))
            losses_T += each_T.detach()
        self._distributed.all_reduce_gradients(self.model)
        self.scaler.unscale_(self.optimiser)
        gradients = [one.grad for one in self.model.parameters() if one.grad is not None]
        norm = get_total_norm(gradients)
        mine = torch.cat([losses_T, losses_T.new_tensor(wishes)])
        *seen, size = torch.cat([self._distributed.all_reduce(mine), norm[None]]).tolist()
        finite = self._is_finite(seen, size)
        if finite:
            if self._params.clip_norm:
                clip_grads_with_norm_(self.model.parameters(), self._params.clip_norm, norm)
            self._move(now.lr)
        else:
            _copy(self._before, self._statistics)
        self.scaler.update()
        if self.labels:
            self.labels.settle(finite)
        asked = tuple(wish > 0 for wish in seen[len(self._losses) :])
        return Outcome(dict(zip(self._losses, seen, strict=False)), finite, asked)

    def state(self) -> State:
        """Return all that changes by a step."""
        return {
            "model": self.model.state_dict(),
            "average": self._average.module.state_dict() if self._average else None,
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "labels": self.labels.state() if self.labels else None,
        }

    def take(self, state: State) -> None:
        """Go on from a state."""
        self.model.load_state_dict(state["model"])
        if self._average:
            self._average.module.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        if self.labels:
            self.labels.take(state["labels"])

    def _seen(self, batch: Batch, epoch: int) -> Tensor:
        """Return this rank's part of every term: (T,); their sums over the ranks are means."""
        device, training_strategy = self._distributed.device, self._regime
        amp = _AMP_DTYPES.get(self._params.amp)
        batch = training_strategy.prepare(self.labels.shown(batch) if self.labels else batch)
        with torch.autocast(device.type, dtype=amp, enabled=amp is not None):
            forward = training_strategy.run(self._forward, batch)
        if self.labels and training_strategy.relabel:
            self.labels.propose(batch, training_strategy.relabel(forward, batch, epoch))
        losses = self._losses.values()
        counts = torch.stack([loss.counted(batch) for loss in losses])
        shares_T = counts / self._distributed.all_reduce(counts).clamp(min=1)
        return torch.stack([loss.term(forward, batch) for loss in losses]) * shares_T

    def _is_finite(self, losses: list[float], norm: float) -> bool:
        """Half precision may overflow as long as there is a scale left to lower."""
        scaled = self.scaler.get_scale() > 1
        return bool(np.isfinite(losses).all()) and (scaled or bool(np.isfinite(norm)))

    def _move(self, lr: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = lr * group["lr_factor"]
        self.scaler.step(self.optimiser)
        if self._average:
            self._average.update_parameters(self.model)


def _copy(tensors: list[Tensor], places: list[Tensor]) -> None:
    if tensors:  # a model without batch normalisation has none
        torch._foreach_copy_(places, tensors)


def chance(device: torch.device, *place: int) -> torch.Generator:
    """Return a generator for one place in the run, and reset those that layers draw from."""
    state = np.random.SeedSequence(place).generate_state(1, np.uint64)[0]
    seed = int(state >> np.uint64(1))
    torch.manual_seed(seed)
    return torch.Generator(device).manual_seed(seed)


def ran_out_of_memory(error: RuntimeError) -> bool:
    """Say whether a device was too small; the processor's allocator has no error of its own."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def out_of_memory(params: TrainParams, device: torch.device, error: Exception) -> ResourceError:
    """Return what to tell of a device that is too small."""
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    asked = " ".join(str(error).split()).split(". ")[0]
    return ResourceError(
        f"device {device}",
        f"out of memory with train.batch {params.batch} at train.image_px {params.image_px}"
        f"{f', peak {peak / 2**30:.1f} GiB' if peak else ''} ({asked}). "
        "The last checkpoint is safe. Lower train.batch and raise train.accumulate by the same "
        "factor: a step then sees as many faces.",
    )


def _average_of(model: Classifier, decay: float) -> AveragedModel:
    """Return an exponential moving average of weights and statistics, begun at the present ones."""
    averaging: Any = get_ema_multi_avg_fn  # torch does not say its types
    average = AveragedModel(model, multi_avg_fn=averaging(decay), use_buffers=True)
    average.update_parameters(model)
    return average
