"""Claim: gradients in buckets, sent during the backward pass, cost less time and resume exactly.

Run: python -m benchmarks.distributed [RANKS ...]. Trains ResNet-18 with several processes on this
machine, by gloo, in four ways that take turns: one message after the backward pass; our buckets,
sent during it; torch's DistributedDataParallel (DDP) with its buckets; DDP with a single bucket.
Prints seconds per step by the clock (median, on rank 0), and whether a run that was interrupted
after each of its steps ends with the bits of an undisturbed one.

`most_to_gain` is what hiding the whole message behind the backward pass would save of a step, if
sending took no processor time. It does here: ranks and messages share the same cores.
"""

import hashlib
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel

from benchmarks.timing import save
from params import load
from train.fitting.distributed import Distributed
from train.fitting.gradient_buckets import GradientBuckets
from train.methods.backbones import BACKBONES
from train.methods.base import Classifier, LevelShape
from train.methods.gap import GAPHead

FACES, PX, ROUNDS, STEPS = 4, 64, 5, 3
HUGE_MB = 1 << 14
Figures = dict[str, Any]


def small_model() -> nn.Module:
    """Return ResNet-18 with the weights that seed 0 gives."""
    torch.manual_seed(0)
    backbone = BACKBONES["resnet18"](load(Path("params.yaml")).train)
    return Classifier(backbone, GAPHead(LevelShape(backbone.channels[-1], 1, 1, 7)))


class OneMessage:
    """Sum all gradients at once, after the backward pass."""

    def __init__(self, model: nn.Module, joined: Distributed) -> None:
        self.model, self._joined = model, joined

    def backward(self, loss: Tensor) -> None:
        """Differentiate."""
        torch.autograd.backward(loss)

    def finish(self) -> None:
        """Return when every gradient is its sum over all ranks."""
        gradients = [one.grad for one in self.model.parameters() if one.grad is not None]
        flat = self._joined.all_reduce(torch.cat([one.reshape(-1) for one in gradients]))
        parts = torch.split(flat, [one.numel() for one in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))


class Overlapped:
    """What training does: buckets of fixed parameters, sent during the backward pass."""

    def __init__(self, model: nn.Module, joined: Distributed) -> None:
        self.model, self._buckets = model, GradientBuckets(model, joined)

    def backward(self, loss: Tensor) -> None:
        """Differentiate, and send on the way."""
        self._buckets.backward(loss, is_last=True)

    def finish(self) -> None:
        """Return when every gradient is its sum over all ranks."""
        self._buckets.finish()


class TorchDDP:
    """torch's DistributedDataParallel, which sums during the backward pass."""

    def __init__(self, model: nn.Module, joined: Distributed, bucket_mb: int | None = None) -> None:
        self.model = DistributedDataParallel(
            model, bucket_cap_mb=bucket_mb, static_graph=True, broadcast_buffers=False
        )

    def backward(self, loss: Tensor) -> None:
        """Differentiate, and sum."""
        torch.autograd.backward(loss)

    def finish(self) -> None:
        """Return at once: the backward pass has waited."""


WAYS: dict[str, Callable[[nn.Module, Distributed], Any]] = {
    "one message": OneMessage,
    "own buckets, overlapped": Overlapped,
    "DDP": TorchDDP,
    "DDP, one bucket": lambda model, joined: TorchDDP(model, joined, HUGE_MB),
}


def batch(rank: int, step: int) -> tuple[Tensor, Tensor]:
    """Return a rank's faces of a step: noise."""
    rng = torch.Generator().manual_seed(1000 * rank + step)
    return torch.randn(FACES, 3, PX, PX, generator=rng), torch.arange(FACES) % 7


def take_step(way: Any, rank: int, step: int) -> tuple[float, float]:  # noqa: ANN401 - a WAYS row
    """Take a step of SGD; return seconds of the backward pass, and until all sums are there."""
    images, labels = batch(rank, step)
    for one in way.model.parameters():
        one.grad = None
    loss = F.cross_entropy(way.model(images).logits_BK, labels)
    began = time.perf_counter()
    way.backward(loss)
    passed = time.perf_counter()
    way.finish()
    summed = time.perf_counter()
    with torch.no_grad():
        for one in way.model.parameters():
            one.sub_(1e-2 * one.grad)
    return passed - began, summed - passed


def bare(way: Any) -> nn.Module:  # noqa: ANN401 - a WAYS row
    """Return the model without DDP around it."""
    model: nn.Module = getattr(way.model, "module", way.model)
    return model


def resumes(name: str, fresh: nn.Module, joined: Distributed) -> bool:
    """Say whether a run built anew before each of its steps ends with an undisturbed one's bits."""
    digests = []
    for interrupted in (False, True):
        way = WAYS[name](deepcopy(fresh), joined)
        for step in range(STEPS):
            if interrupted and step:
                kept = deepcopy(bare(way).state_dict())
                way = WAYS[name](deepcopy(fresh), joined)
                bare(way).load_state_dict(kept)
            take_step(way, joined.rank, step)
        weights = torch.cat([one.detach().reshape(-1) for one in bare(way).parameters()])
        digests.append(hashlib.sha256(weights.numpy().tobytes()).hexdigest())
    return digests[0] == digests[1]


def measured(joined: Distributed) -> Figures:
    """Take steps in turns; then resume in every way."""
    fresh = small_model()
    ways = {name: make(deepcopy(fresh), joined) for name, make in WAYS.items()}
    seconds: dict[str, list[tuple[float, ...]]] = {name: [] for name in ways}
    for number in range(ROUNDS + 2):  # DDP regroups its buckets after the first step
        for name, way in ways.items():
            joined.barrier()
            began = time.perf_counter()
            parts = take_step(way, joined.rank, number)
            seconds[name].append((time.perf_counter() - began, *parts))
    figures: Figures = {}
    for name, found in seconds.items():
        step, backward, message = (median(one) for one in zip(*found[2:], strict=True))
        figures[name] = {"step_s": step, "backward_s": backward, "then_s": message}
        figures[name]["resumes_to_equal_bits"] = resumes(name, fresh, joined)
    ours = figures["one message"]
    ours["most_to_gain"] = min(ours["backward_s"], ours["then_s"]) / ours["step_s"]
    return figures


def work(rank: int, ranks: int, port: int, folder: str) -> None:
    """Be one of the ranks."""
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=ranks)
    figures = measured(Distributed(rank, ranks, torch.device("cpu"), initialized=True))
    if rank == 0:
        torch.save(figures, Path(folder) / "figures.pt")
    dist.destroy_process_group()


def main(asked: Sequence[str]) -> None:
    """Measure, print and save."""
    figures: Figures = {"cores": os.cpu_count(), "parameters": 0, "faces_per_rank": FACES, "px": PX}
    figures["parameters"] = sum(one.numel() for one in small_model().parameters())
    for ranks in map(int, asked or ("2", "4")):
        with TemporaryDirectory() as folder, socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            free.close()
            spawn(work, (ranks, port, folder), nprocs=ranks)  # type: ignore[no-untyped-call]
            figures[f"{ranks} ranks"] = found = torch.load(Path(folder) / "figures.pt")
        print(f"{ranks} ranks")
        for name, one in found.items():
            print(f"  {name:26}", {key: round(value, 3) for key, value in one.items()})
    print(save("distributed", figures))


if __name__ == "__main__":
    main(sys.argv[1:])
