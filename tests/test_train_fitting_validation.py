import math

import pytest
import torch
from torch import nn

from train.data.batch_loader import RawBatch
from train.fitting.distributed import Distributed
from train.fitting.validation import validate
from train.records import Forward

CPU = torch.device("cpu")


class Constant(nn.Module):
    """Predicts class 1 for every face, with attention 1 everywhere."""

    def forward(self, images, labels, given):
        logits = torch.zeros(len(images), 7)
        logits[:, 1] = math.log(6)
        return Forward(logits, (torch.ones(len(images), 2, 4, 4),))


class Loader:
    """Four faces in two batches."""

    classes = 7

    def __init__(self, valid):
        self.valid = torch.tensor(valid)

    def sequential_batches(self):
        labels = torch.tensor([1, 1, 1, 0])
        for part in (slice(0, 3), slice(3, 4)):
            count = len(labels[part])
            images = torch.zeros(count, 8, 8, 3, dtype=torch.uint8)
            maps = torch.full((count, 8, 8), 255, dtype=torch.uint8)
            yield RawBatch(None, images, maps, self.valid[part], labels[part], None)


def test_every_face_counts_once_whatever_its_batch():
    found = validate(Constant(), Loader([True, True, True, False]), 8, Distributed.single(CPU))
    assert found["val/accuracy"] == 0.75
    # p(1) = 6 / 12, every other class 1 / 12
    assert found["val/cross_entropy"] == pytest.approx((3 * math.log(2) + math.log(12)) / 4)
    assert found["val/att_cos"] == pytest.approx(1, abs=1e-3)  # border px fade


def test_without_a_heatmap_there_is_no_cosine():
    found = validate(Constant(), Loader([False] * 4), 8, Distributed.single(CPU))
    assert "val/att_cos" not in found
