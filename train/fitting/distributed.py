"""Training with several processes, started by torchrun; a single process runs the same code.

Every rank works on its share of each batch, and gradients are summed over the ranks by
train.fitting.gradient_buckets. All ranks must make the same calls in the same order.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn

from errors import TryLaterError, UsageError
from train.device import use_device
from train.methods.base import Classifier

_TIMEOUT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Distributed:
    """This process among those that train together.

    Attributes:
        rank: number of this process, from 0.
        world_size: number of processes.
        device: device of this rank.
        initialized: whether torch.distributed runs; every collective is a no-op without it.
    """

    rank: int
    world_size: int
    device: torch.device
    initialized: bool

    @classmethod
    def single(cls, device: torch.device) -> "Distributed":
        """Return the only process of a run without torchrun."""
        return cls(0, 1, device, initialized=False)

    @property
    def is_main(self) -> bool:
        """Whether this is rank 0, which locks, logs and writes."""
        return self.rank == 0

    def all_reduce(self, values: Tensor, op: dist.ReduceOp.RedOpType = dist.ReduceOp.SUM) -> Tensor:
        """Return the sum over all ranks, or what another operation of torch.distributed gives.

        Raises:
            TryLaterError: if another rank died.
        """
        if not self.initialized:
            return values
        total = values.detach().clone()
        with self._or_try_later():
            dist.all_reduce(total, op)
        return total

    def start_all_reduce(self, values: Tensor) -> Callable[[], Tensor]:
        """Begin to sum a tensor over all ranks, in place.

        Returns:
            A function that waits for the sum and returns it.

        Raises:
            TryLaterError: if another rank died, now or in waiting.
        """
        with self._or_try_later():
            work = dist.all_reduce(values, async_op=True)

        def summed() -> Tensor:
            with self._or_try_later():
                work.wait()
            return values

        return summed

    def sync_batch_norm(self, model: Classifier) -> Classifier:
        """Let batch normalisation see the faces of all ranks, where there are several.

        Raises:
            UsageError: on a processor, where torch cannot.
        """
        if not self.initialized:
            return model
        if self.device.type != "cuda":
            raise UsageError(
                "train.sync_batch_norm",
                "is true, and torch synchronises batch normalisation on GPUs only. Set it to "
                "false, or train with one process.",
            )
        from timm.layers import convert_sync_batchnorm  # takes seconds, with torchvision

        return cast(Classifier, convert_sync_batchnorm(model))

    def broadcast_buffers(self, model: nn.Module) -> None:
        """Give every rank the running statistics of rank 0; raises as all_reduce."""
        if self.initialized:
            with self._or_try_later():
                for buffer in model.buffers():
                    dist.broadcast(buffer, 0)

    def all_gather(self, values: list[Any]) -> list[Any]:
        """Return the values of all ranks in one list, ordered by rank; raises as all_reduce."""
        if not self.initialized:
            return values
        by_rank: list[Any] = [None] * self.world_size
        with self._or_try_later():
            dist.all_gather_object(by_rank, values)
        return [value for part in by_rank for value in part]

    @contextmanager
    def _or_try_later(self) -> Iterator[None]:
        """Turn the loss of another rank into an error that says what is safe."""
        try:
            yield
        except RuntimeError as error:
            raise TryLaterError(
                f"rank {self.rank}",
                "lost another rank. The last checkpoint is safe. Run again to resume from it.",
            ) from error

    def barrier(self) -> None:
        """Wait until all ranks have reached this call."""
        float(self.all_reduce(torch.zeros(1, device=self.device)))


@contextmanager
def init_distributed(device: torch.device) -> Iterator[Distributed]:
    """Join the processes that torchrun started; without torchrun, be the only one.

    If a rank dies, the others stop: at once where the system notices, else after ten minutes.
    """
    use_device(device)
    if "RANK" not in os.environ:
        yield Distributed.single(device)
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_TIMEOUT)
    yield Distributed(dist.get_rank(), dist.get_world_size(), device, initialized=True)
    dist.destroy_process_group()  # not after an error: the others may hang, and so would this
