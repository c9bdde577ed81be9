import threading

import numpy as np
import pytest
import torch

from train.data import prefetch
from train.data.prefetch import FETCHERS
from train.params import FeedParams

CPU = torch.device("cpu")
PARAMS = FeedParams(
    source="mapped", resident_share=0.5, threads=2, sampler="shuffled", heatmaps="stored"
)
BATCHES = [np.array([0, 3]), np.array([1]), np.array([2, 4]), np.array([0, 1]), np.array([3, 4])]


class Numbers:
    """Five rows of two bytes and a checksum: row n holds n and n + 10."""

    shape, row_bytes = (5, 2), 3

    def gather(self, rows_B, out_BR):
        out_BR[:] = np.stack([rows_B, rows_B + 10, np.full(len(rows_B), 255)], axis=1)


def fetched(name):
    fetch = FETCHERS[name]((Numbers(),), np.arange(5), PARAMS, CPU)
    return [part.tolist() for (part,) in fetch(BATCHES)]


@pytest.mark.parametrize("name", FETCHERS)
def test_every_fetcher_gives_the_rows_in_order_and_without_checksum(name):
    assert fetched(name) == [[[row, row + 10] for row in rows_B] for rows_B in BATCHES]


def mapped_in(monkeypatch):
    """A fetcher of mapped rows, and the sizes of the buffers that it makes."""
    made = []

    class Counted(prefetch._Buffer):
        def __init__(self, sources, rows, device):
            made.append(rows)
            super().__init__(sources, rows, device)

    monkeypatch.setattr(prefetch, "_Buffer", Counted)
    return FETCHERS["mapped"]((Numbers(),), np.arange(5), PARAMS, CPU), made


def read(fetch, batches=BATCHES):
    return [part.tolist() for (part,) in fetch(batches)]


def test_the_ring_stays_for_the_next_epoch(monkeypatch):
    fetch, made = mapped_in(monkeypatch)
    first = read(fetch)
    assert [read(fetch) for _ in range(3)] == [first] * 3
    assert made == [2] * (PARAMS.threads + 2)


def test_a_larger_batch_gets_a_larger_ring(monkeypatch):
    fetch, made = mapped_in(monkeypatch)
    read(fetch)
    assert read(fetch, [np.arange(5)]) == [[[row, row + 10] for row in range(5)]]
    assert made == [2] * (PARAMS.threads + 2) + [5] * (PARAMS.threads + 2)


def test_epochs_that_are_read_at_the_same_time_do_not_share_a_ring(monkeypatch):
    fetch, made = mapped_in(monkeypatch)
    one, other = fetch(BATCHES), fetch(BATCHES)
    pairs = [(mine.tolist(), yours.tolist()) for (mine,), (yours,) in zip(one, other, strict=True)]
    assert all(mine == yours for mine, yours in pairs)
    assert len(made) == 2 * (PARAMS.threads + 2)
    read(fetch)
    assert len(made) == 2 * (PARAMS.threads + 2)


def test_an_epoch_that_was_left_early_gives_its_ring_back(monkeypatch):
    fetch, made = mapped_in(monkeypatch)
    begun = fetch(BATCHES)
    next(begun)
    begun.close()
    assert read(fetch) == [[[row, row + 10] for row in rows_B] for rows_B in BATCHES]
    assert len(made) == PARAMS.threads + 2


def test_every_thread_makes_the_gpu_of_the_training_its_own(monkeypatch):
    used = []
    monkeypatch.setattr(
        prefetch, "use_device", lambda device: used.append((device, threading.get_ident()))
    )
    fetched("mapped")
    assert used
    assert {device for device, _ in used} == {CPU}
    assert threading.get_ident() not in {thread for _, thread in used}


@pytest.mark.parametrize(("free", "chosen"), [(29, "mapped"), (30, "resident")])
def test_auto_keeps_what_takes_at_most_its_share_of_the_free_memory(
    free, chosen, monkeypatch, caplog
):
    caplog.set_level("INFO")
    monkeypatch.setattr(prefetch, "_free_bytes", lambda device: free)
    fetched("auto")
    assert f"feed: {chosen}" in caplog.text


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
def test_a_run_on_the_second_gpu_opens_no_context_on_the_first():
    before = torch.cuda.memory_reserved(0)
    device = torch.device("cuda", 1)
    list(FETCHERS["mapped"]((Numbers(),), np.arange(5), PARAMS, device)(BATCHES))
    assert torch.cuda.memory_reserved(0) == before
