import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from measures.valence_arousal import agreement, moments
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


TRUE = torch.tensor([[0.5, 0.0], [-0.5, 0.25], [0.75, -0.5], [torch.nan, torch.nan]])


class Rated(Constant):
    """Predicts for the n-th face the n-th of these values, batch after batch."""

    VALUES = torch.tensor([[0.25, 0.5], [-0.25, 0.25], [1.0, 0.0], [-1.0, -1.0]])

    def forward(self, images, labels, given):
        values = self.VALUES[:3] if len(images) == 3 else self.VALUES[3:]
        return replace(super().forward(images, labels, given), extra={"valence_arousal": values})


class RatedLoader(Loader):
    """The same faces with valence and arousal; those of the last are not known."""

    def sequential_batches(self):
        parts = (TRUE[:3], TRUE[3:])
        for raw, values in zip(super().sequential_batches(), parts, strict=True):
            yield replace(raw, valence_arousal_B2=values)


def test_concordance_is_over_all_known_faces_whatever_their_batch():
    found = validate(Rated(), RatedLoader([True] * 4), 8, Distributed.single(CPU))
    expected = agreement(moments(Rated.VALUES[:3].numpy(), TRUE[:3].numpy()).sum(axis=0)).ccc
    assert [found["val/ccc_valence"], found["val/ccc_arousal"]] == pytest.approx(expected)


@pytest.mark.parametrize(("model", "loader"), [(Constant, RatedLoader), (Rated, Loader)])
def test_without_values_or_without_the_head_there_is_no_concordance(model, loader):
    found = validate(model(), loader([True] * 4), 8, Distributed.single(CPU))
    assert not [name for name in found if "ccc" in name]
