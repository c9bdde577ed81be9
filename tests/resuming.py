"""A training run small enough to be killed many times, and what must hold when it goes on."""

import os
import socket
import sys
from contextlib import nullcontext
from multiprocessing import get_context
from unittest import mock

import torch
from torch import nn

from tests import crashing
from train.inputs import Stores
from train.loop import train
from train.methods.backbones import BACKBONES
from train.methods.levels import Backbone
from train.runs import Run

CPU = torch.device("cpu")
SPAWN = get_context("forkserver")
SPAWN.set_forkserver_preload([__name__, "dvclive.dvc", "dvc.repo", "numpy.ma"])


class Speck(Backbone):
    """Two levels with everything that a resumed run may get wrong: statistics and dropout."""

    def __init__(self):
        levels = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 3, stride=4, padding=1),
                nn.BatchNorm2d(after),
                nn.ReLU(),
                nn.Dropout(0.2),
            )
            for before, after in ((3, 8), (8, 16))
        )
        super().__init__(levels, (8, 8, 8, 8, 16))

    def forward(self, images):
        first = self.net[0](images)
        return (first, first, first, first, self.net[1](first)), {}


def speck(params):
    return Speck()


known = mock.patch.dict(BACKBONES, speck=speck)
"""While it lasts, speck is a backbone."""


def silent(done, total, note):
    pass


def fit(tiny, out, params, supervision="aligned", tell=silent, device=CPU, **options):
    stores = Stores.opened(tiny.faces, tiny.landmarks, tiny.heatmaps)
    with known:
        return train(stores, out, Run("cam", supervision, params, device), tell, **options)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def as_rank(rank, ranks, port):
    """Look as if torchrun had started this process."""
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update(where, RANK=str(rank), WORLD_SIZE=str(ranks), LOCAL_RANK=str(rank))


def child(rank, ranks, port, job, fatal):
    """Run a training as torchrun would start it; die as told.

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
        fit(*job)


def deadly(kind, at):
    """Return a context in which this process kills itself."""

    def note(self, outcome):
        if self._done == at:
            os.kill(os.getpid(), 9)

    def hook(name, number, before, arguments):
        if number == at and before == (kind == "before"):
            os.kill(os.getpid(), 9)

    if kind == "step":
        return mock.patch("train.fit.Fit._note", note)
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
    with known, mock.patch.object(progress.Waiting, "__call__", call):
        run_safely()
