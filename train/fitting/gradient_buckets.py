"""Sums gradients over the ranks while the backward pass still computes others.

Parameters are put into buckets once, the last layer first. A bucket is sent as soon as all its
gradients are there, and never before those ahead of it. So what is added to what depends on the
model alone: not on which gradient was ready first, nor on where a run was resumed, as it does with
torch's DistributedDataParallel, which regroups its buckets after the first step.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from train.fitting.distributed import Distributed

BUCKET_BYTES = 8 << 20
"""A bucket is full from this size on."""


class GradientBuckets:
    """The gradients of a model, summed over the ranks in every step."""

    def __init__(self, model: nn.Module, distributed: Distributed) -> None:
        """Register hooks on the model's parameters; without other ranks, do nothing at all."""
        self._dist, self._armed = distributed, False
        self._buckets = _buckets_of(model) if distributed.initialized else []
        self._ready = set[nn.Parameter]()
        self._sent: list[tuple[Callable[[], Tensor], list[Tensor]]] = []
        learning = [one for bucket in self._buckets for one in bucket if one.requires_grad]
        for parameter in learning:
            parameter.register_post_accumulate_grad_hook(self._note)  # type: ignore[no-untyped-call]

    def backward(self, loss: Tensor, is_last: bool) -> None:
        """Differentiate a loss; send gradients on the way if no other backward pass adds to them.

        Raises:
            TryLaterError: if another rank died.
        """
        self._armed = is_last
        self._ready = {one for bucket in self._buckets for one in bucket if not one.requires_grad}
        torch.autograd.backward(loss)
        self._armed = False

    def finish(self) -> None:
        """Replace every gradient by its sum over all ranks; raises as backward."""
        for bucket in self._buckets[len(self._sent) :]:  # parts of them take no part in the loss
            self._send(bucket)
        for summed, gradients in self._sent:
            parts = torch.split(summed(), [one.numel() for one in gradients])
            for gradient, part in zip(gradients, parts, strict=True):
                gradient.copy_(part.view_as(gradient))
        self._sent = []

    def _note(self, parameter: nn.Parameter) -> None:
        """Send what is complete now that this gradient is there."""
        if not self._armed:
            return
        self._ready.add(parameter)
        for bucket in self._buckets[len(self._sent) :]:
            if not self._ready.issuperset(bucket):
                return
            self._send(bucket)

    def _send(self, bucket: list[nn.Parameter]) -> None:
        gradients = [one.grad for one in bucket if one.grad is not None]
        summed = _nothing
        if gradients:  # a level that rests has none, on any rank
            flat = torch.cat([one.reshape(-1) for one in gradients])
            summed = self._dist.start_all_reduce(flat)
        self._sent.append((summed, gradients))


def _nothing() -> Tensor:
    return torch.empty(0)


def _buckets_of(model: nn.Module) -> list[list[nn.Parameter]]:
    buckets: list[list[nn.Parameter]] = [[]]
    for parameter in reversed(list(model.parameters())):
        if sum(one.nbytes for one in buckets[-1]) >= BUCKET_BYTES:
            buckets.append([])
        buckets[-1].append(parameter)
    return buckets
