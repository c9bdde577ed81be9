"""A training run small enough to be killed many times, and helpers that kill and resume it."""

import os
import socket
import sys
from contextlib import contextmanager, nullcontext
from unittest import mock

import torch
from torch import nn

from contracts.repeats import Repeat
from tests import crashing
from tests.forking import forkserver
from train.data.stores import Stores
from train.fitting.stage import train
from train.methods import clip
from train.methods.backbones import BACKBONES
from train.methods.backbones.base import Backbone
from train.pretrained import BACKBONE_WEIGHTS
from train.runs import Run

CPU = torch.device("cpu")
SPAWN = forkserver(__name__, "numpy.ma")


class Speck(Backbone):
    """Two levels with everything that a resumed run may get wrong: statistics and dropout."""

    def __init__(self, width):
        levels = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 3, stride=4, padding=1),
                nn.BatchNorm2d(after),
                nn.ReLU(),
                nn.Dropout(0.2),
            )
            for before, after in ((3, 8), (8, width))
        )
        super().__init__(levels, (8, 8, 8, 8, width))

    def forward(self, images):
        first = self.net[0](images)
        return (first, first, first, first, self.net[1](first)), {}


class Glimpse(nn.Module):
    """A tower as small as can be."""

    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1))
        self.layer = nn.Linear(3, 512)
        nn.init.normal_(self.layer.weight, generator=torch.Generator().manual_seed(0))
        nn.init.zeros_(self.layer.bias)

    def forward(self, images):
        return self.layer(images.mean(dim=(2, 3)))


def speck(params):
    return Speck(16)


def wide(params):
    return Speck(512)


def glimpse(weights, sha256, size_px):
    return Glimpse()


@contextmanager
def small_world():
    """While it lasts, speck and wide are backbones, and random towers are glimpses."""
    with (
        mock.patch.dict(BACKBONES, speck=speck, wide=wide),
        mock.patch.dict(BACKBONE_WEIGHTS, speck={}, wide={}),
        mock.patch.dict(clip._LOADERS, random=glimpse),
    ):
        yield


def silent(done, total, note):
    pass


def fit(tiny, out, params, variant="aligned", progress=silent, device=CPU, **options):
    method = options.pop("method", "cam")
    stores = Stores.open(tiny.faces, tiny.landmarks, tiny.heatmaps)
    with small_world():
        run = Run(method, variant, Repeat(0), params, device)
        return train(stores, out, run, progress, **options)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def as_rank(rank, ranks, port):
    """Look as if torchrun had started this process."""
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update(where, RANK=str(rank), WORLD_SIZE=str(ranks), LOCAL_RANK=str(rank))


def child(rank, ranks, port, job, fatal):
    """Run a training as torchrun would start it; kill itself if asked to.

    Args:
        rank: this one.
        ranks: how many there are; 0 for a run without torchrun.
        port: where they meet.
        job: arguments of fit.
        fatal: (kind, number) of the step after which, or the call to the disk before or after
            which, this process kills itself; None to finish.
    """
    if ranks:
        as_rank(rank, ranks, port)
    with deadly(*fatal) if fatal else nullcontext():
        *arguments, method = job
        fit(*arguments, method=method)


def deadly(kind, at):
    """Return a context in which this process kills itself."""

    def note(self, outcome):
        if self._done == at:
            os.kill(os.getpid(), 9)

    def hook(name, number, before, arguments):
        if number == at and before == (kind == "before"):
            os.kill(os.getpid(), 9)

    if kind == "step":
        return mock.patch("train.fitting.trainer.Trainer._on_step", note)
    return crashing.watched(hook)


def run(job, ranks=0, fatal=None, victim=0):
    """Run a training in children; return their exit codes."""
    port = free_port()
    return codes(
        (child, (rank, ranks, port, job, fatal if rank == victim else None))
        for rank in range(max(ranks, 1))
    )


def codes(calls):
    """Make every call in a process of its own, all at once; return their exit codes."""
    children = [SPAWN.Process(target=function, args=arguments) for function, arguments in calls]
    for one in children:
        one.start()
    for one in children:
        one.join(120)
    return [one.exitcode for one in children]


def command(arguments, tell_at=None, number=None, times=1):
    """Run the command line; with `tell_at`, get a signal at that step, perhaps more than once."""
    import progress
    from cli import run_safely

    def call(self, done, total, note):
        for _ in range(times if done == tell_at and note else 0):
            os.kill(os.getpid(), number)

    sys.argv = ["cli.py", *map(str, arguments)]
    with small_world(), mock.patch.object(progress.ProgressBar, "__call__", call):
        run_safely()
