"""Several processes that train one model."""

import json
import os
import subprocess
import sys
import time
from unittest import mock

import numpy as np
import pytest
import torch
from torch import nn

from errors import TryLaterError, UsageError
from store.building import read_manifest
from tests.basic7 import EXPRESSIONS
from tests.networks import scratch
from tests.planned import planned
from tests.resuming import CPU, as_rank, codes, fit, free_port
from train.data.prefetch import _Buffer
from train.fitting.distributed import Distributed, init_distributed
from train.fitting.train_state import StepInfo, TrainingLabels, TrainState
from train.methods import METHODS, Method
from train.methods.model import build_model
from train.records import Batch, Forward, Loss, faces_with_map


class Linear(nn.Module):
    """A model whose faces do not see each other."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 7)
        self.backbone = nn.Identity()

    def forward(self, images, labels=None):
        return Forward(self.layer(images.mean(dim=(2, 3))), (images,))


def error(forward, batch):
    return nn.functional.cross_entropy(forward.logits_BK, batch.labels_B)


def alignment(forward, batch):
    """Something of the faces that have a map."""
    size_B = forward.logits_BK.square().sum(dim=1)
    return (size_B * batch.valid_B).sum() / batch.valid_B.sum().clamp(min=1)


def share(faces, rank, ranks):
    """Return a rank's part of seven made-up faces; all but one with a map come last."""
    rng = torch.Generator().manual_seed(0)
    images, labels = torch.randn(faces, 3, 4, 4, generator=rng), torch.arange(faces) % 7
    valid = torch.arange(faces) >= 4
    part = torch.arange(faces).tensor_split(ranks)[rank]
    maps, rng = torch.zeros(len(part), 1, 2, 2), torch.Generator()
    return Batch(images[part], labels[part], (maps,), valid[part], rng)


def stepped(distributed, params, faces):
    """Take two steps; return the losses and the weights."""
    method = Method("gap", "plain", "class_map", ("cross_entropy",))
    torch.manual_seed(0)
    with mock.patch("train.fitting.train_state.build_model", return_value=Linear()):
        losses = {
            "cross_entropy": Loss(error),
            "alignment": Loss(alignment, count=faces_with_map),
        }
        state = TrainState(
            method,
            params,
            losses,
            distributed,
            TrainingLabels(np.zeros(faces, np.int64), EXPRESSIONS),
            0,
        )
    mine = share(faces, distributed.rank, distributed.world_size)
    losses = [state.step([mine], 1, StepInfo(lr=0.1, epoch=0), (False,))().losses for _ in range(2)]
    return losses, state.model.layer.weight.detach()


def step_as_rank(rank, ranks, port, params, faces, folder):
    as_rank(rank, ranks, port)
    with init_distributed(CPU) as joined:
        torch.save(stepped(joined, params, faces), folder / f"{rank}.pt")
        joined.barrier()


@pytest.fixture(scope="module")
def params():
    shipped = scratch().train
    return shipped.model_copy(update={"optimiser": "sgd"})


@pytest.mark.slow
@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize("faces", [7, 4], ids=["unequal shares", "no map anywhere"])
def test_ranks_take_the_step_of_one_process(params, ranks, faces, tmp_path):
    port = free_port()
    calls = [(step_as_rank, (rank, ranks, port, params, faces, tmp_path)) for rank in range(ranks)]
    assert set(codes(calls)) == {0}
    losses, weight = stepped(Distributed.single(CPU), params, faces)
    found = [torch.load(tmp_path / f"{rank}.pt") for rank in range(ranks)]
    for theirs, weight_of_rank in found:
        assert theirs == found[0][0]
        assert torch.equal(weight_of_rank, found[0][1])
        torch.testing.assert_close(weight_of_rank, weight, rtol=1e-5, atol=1e-7)
        assert theirs == [pytest.approx(one, rel=1e-5, abs=1e-7) for one in losses]


def synchronise_as_rank(rank, port):
    as_rank(rank, 2, port)
    with init_distributed(CPU) as joined:
        with pytest.raises(UsageError, match=r"train\.sync_batch_norm: .*GPUs only.*one process"):
            joined.sync_batch_norm(Linear())
        joined.barrier()


@pytest.mark.slow
def test_processors_refuse_to_synchronise_batch_normalisation():
    port = free_port()
    assert codes([(synchronise_as_rank, (rank, port)) for rank in range(2)]) == [0, 0]


def test_one_process_has_nothing_to_synchronise():
    model = nn.Sequential(nn.BatchNorm2d(3))
    assert Distributed.single(CPU).sync_batch_norm(model) is model
    assert type(model[0]) is nn.BatchNorm2d


@pytest.mark.parametrize("backbone", ["resnet18", "efficientnet_b0", "dlib21"])
def test_all_batch_normalisation_is_synchronised_and_keeps_its_names(backbone, params):
    ranks = Distributed(0, 2, torch.device("cuda"), initialized=True)
    method, small = METHODS["cam"], params.model_copy(update={"backbone": backbone})
    model = build_model(method, small, 7)
    names, count = list(model.state_dict()), normalising(model, nn.modules.batchnorm._BatchNorm)
    found = ranks.sync_batch_norm(model)
    assert normalising(found, nn.SyncBatchNorm) == count > 0
    assert list(found.state_dict()) == names


def normalising(model, kind):
    """Return how many layers of a kind a model has."""
    return sum(isinstance(one, kind) for one in model.modules())


CALLS = {
    "sum": lambda joined: joined.all_reduce(torch.zeros(1)),
    "gather": lambda joined: joined.all_gather([joined.rank]),
    "broadcast": lambda joined: joined.broadcast_buffers(nn.BatchNorm1d(3)),
}


def lose_the_first_rank(rank, port, call):
    as_rank(rank, 2, port)
    with init_distributed(CPU) as joined:
        joined.barrier()
        if joined.is_main:
            os._exit(9)
        with pytest.raises(TryLaterError, match=r"lost another rank.*Run again to resume"):
            CALLS[call](joined)
        os._exit(TryLaterError.exit_code)


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_a_lost_rank_is_told_in_whatever_call_it_is_missed(call):
    port = free_port()
    assert codes([(lose_the_first_rank, (rank, port, call)) for rank in (0, 1)]) == [9, 75]


def fit_with_a_slow_rank(rank, port, tiny, out, params, slow):
    """Train as one of two ranks, of which one may wait for each of its batches."""
    as_rank(rank, 2, port)
    fill = _Buffer.fill

    def late(self, rows_B):
        time.sleep(0.2 * (rank == slow))
        return fill(self, rows_B)

    with mock.patch.object(_Buffer, "fill", late):
        fit(tiny, out, params)


@pytest.mark.slow
def test_a_rank_with_a_slow_feed_and_a_larger_share_changes_no_bit(params, tiny, tmp_path):
    small = {"backbone": "speck", "image_px": 32, "epochs": 2, "batch": 9}  # 9, 9 and 10 faces
    deepest = params.alignment.model_copy(update={"layers": (5,)})
    few = params.model_copy(update={**small, "alignment": deepest})
    digests = []
    for slow in (None, 0, 1):
        out, port = tmp_path / str(slow) / "run", free_port()
        calls = [(fit_with_a_slow_rank, (rank, port, tiny, out, few, slow)) for rank in range(2)]
        assert codes(calls) == [0, 0]
        digests.append(read_manifest(out)["sha256"])
    assert len(set(digests)) == 1


@pytest.mark.slow
def test_torchrun_trains_one_run_with_two_processes(tiny, tmp_path, checkout):
    shipped = scratch().train
    small = shipped.model_copy(update={"image_px": 32, "epochs": 1, "batch": 14})
    plan = planned(tmp_path / "plan.yaml", small, tiny.heatmaps)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    out = tmp_path / "run"
    given = [tiny.faces, tiny.landmarks, tiny.heatmaps.parent, plan, out]
    given += ["--repeat", "seed0", "--device", "cpu"]
    done = subprocess.run(
        [*torchrun, "--nproc-per-node", "2", "cli.py", "train", *given],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "run.json").read_bytes())["ranks"] == 2
    assert "last.ckpt" in read_manifest(out)["files"]
