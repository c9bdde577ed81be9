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
