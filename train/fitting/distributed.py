"""Several processes that train one model, started by torchrun; one alone runs the same code.

Every rank works on its share of each batch. Gradients are summed over the ranks in one message a
step, in the order of the parameters: torch's DistributedDataParallel arranges its messages anew
after the first step, so that a resumed run would add in another order, and it hides the model's
features. Whoever sums must be asked by all ranks alike.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from errors import TryLaterError

_PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among those that train together.

    Attributes:
        rank: its number; 0 locks, logs and writes.
        count: how many there are.
        device: of this rank.
        joined: whether there is somebody to talk to, if only itself.
    """

    rank: int
    count: int
    device: torch.device
    joined: bool

    @property
    def first(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def summed(self, values: Tensor) -> Tensor:
        """Return the sum over all ranks.

        Raises:
            TryLaterError: if one of them is gone.
        """
        if not self.joined:
            return values
        total = values.detach().clone()
        try:
            dist.all_reduce(total)
        except RuntimeError as error:
            raise TryLaterError(
                f"rank {self.rank}",
                "lost another rank. The last checkpoint is safe. Run again to go on from it.",
            ) from error
        return total

    def sum_gradients(self, model: nn.Module) -> None:
        """Replace every gradient by its sum over all ranks."""
        if not self.joined:
            return
        gradients = [one.grad for one in model.parameters() if one.grad is not None]
        flat = self.summed(torch.cat([one.reshape(-1) for one in gradients]))
        pieces = torch.split(flat, [one.numel() for one in gradients])
        for gradient, piece in zip(gradients, pieces, strict=True):
            gradient.copy_(piece.view_as(gradient))

    def share_buffers(self, model: nn.Module) -> None:
        """Give every rank the first one's running statistics."""
        if self.joined:
            for buffer in model.buffers():
                dist.broadcast(buffer, 0)

    def gathered(self, value: list[Any]) -> list[Any]:
        """Return what all ranks have, by rank."""
        if not self.joined:
            return value
        found: list[Any] = [None] * self.count
        dist.all_gather_object(found, value)
        return [one for piece in found for one in piece]

    def wait(self) -> None:
        """Go on when all ranks have come here."""
        float(self.summed(torch.zeros(1, device=self.device)))


@contextmanager
def together(device: torch.device) -> Iterator[Ranks]:
    """Join the ranks that torchrun started; without torchrun, be the only one.

    A rank that dies ends the others: at once where the system notices, else after ten minutes.
    """
    if "RANK" not in os.environ:
        yield Ranks(0, 1, device, joined=False)
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_PATIENCE)
    yield Ranks(dist.get_rank(), dist.get_world_size(), device, joined=True)
    dist.destroy_process_group()  # not after an error: the others may hang, and so would this
