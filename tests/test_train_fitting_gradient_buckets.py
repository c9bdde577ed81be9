"""Gradients are summed over ranks in buckets that depend on the model alone."""

import pytest
import torch
import torch.distributed as dist
from torch import nn

from tests.resuming import CPU, as_rank, codes, free_port
from train.fitting import gradient_buckets
from train.fitting.distributed import Distributed, init_distributed
from train.fitting.gradient_buckets import GradientBuckets


class Layers(nn.Module):
    """Six layers; one takes no part, and the first one may rest."""

    def __init__(self, resting):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(6))
        for one in self.layers[0].parameters():
            one.requires_grad_(not resting)

    def forward(self, inputs):
        for number, layer in enumerate(self.layers):
            inputs = layer(inputs).tanh() if number != 3 else inputs
        return inputs


def loss_of(model, rank, part):
    rng = torch.Generator().manual_seed(10 * rank + part)
    return model(torch.randn(4, 8, generator=rng)).square().sum()


def gradients(model):
    return [one.grad for one in model.parameters()]


def sum_as_rank(rank, ranks, port, resting, parts, folder):
    as_rank(rank, ranks, port)
    gradient_buckets.BUCKET_BYTES = 300  # a layer has 288
    sent, send = [], dist.all_reduce

    def noted(values, *given, **options):
        sent.append(len(values))
        return send(values, *given, **options)

    with init_distributed(CPU) as joined:
        model = Layers(resting)
        buckets = GradientBuckets(model, joined)
        dist.all_reduce = noted
        for part in range(parts):
            buckets.backward(loss_of(model, rank, part), is_last=part == parts - 1)
        on_the_way = len(sent)
        buckets.finish()
        dist.all_reduce = send
        found = {"gradients": gradients(model), "on the way": on_the_way, "sent": sent}
        torch.save(found, folder / f"{rank}.pt")
        joined.barrier()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ranks", "resting", "parts"), [(2, False, 1), (3, True, 1), (2, False, 3)]
)
def test_gradients_are_the_sums_of_all_ranks_and_are_sent_on_the_way(
    ranks, resting, parts, tmp_path
):
    port = free_port()
    given = [(rank, ranks, port, resting, parts, tmp_path) for rank in range(ranks)]
    assert set(codes([(sum_as_rank, one) for one in given])) == {0}
    model = Layers(resting)
    for rank in range(ranks):
        for part in range(parts):
            torch.autograd.backward(loss_of(model, rank, part))
    found = [torch.load(tmp_path / f"{rank}.pt") for rank in range(ranks)]
    for one in found:
        assert one["sent"] == found[0]["sent"]
        assert 0 < one["on the way"] < len(one["sent"])  # what follows the idle layer comes last
        for ours, theirs in zip(one["gradients"], gradients(model), strict=True):
            assert (ours is None) == (theirs is None)
            if ours is not None:
                torch.testing.assert_close(ours, theirs)


def test_a_single_process_sends_nothing(monkeypatch):
    monkeypatch.setattr(dist, "all_reduce", None)
    model, other = Layers(False), Layers(False)
    buckets = GradientBuckets(model, Distributed.single(CPU))
    buckets.backward(loss_of(model, 0, 0), is_last=True)
    buckets.finish()
    torch.autograd.backward(loss_of(other, 0, 0))
    for ours, theirs in zip(gradients(model), gradients(other), strict=True):
        assert ours is theirs is None or torch.equal(ours, theirs)
