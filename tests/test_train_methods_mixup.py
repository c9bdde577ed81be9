from dataclasses import replace

import numpy as np
import pytest
import torch

from train.methods.mixup import mixup
from train.records import Batch

LABELS = torch.tensor([0, 1, 2, 3])


def batch(seed=0):
    rng = torch.Generator().manual_seed(seed)
    images = torch.eye(4)[:, None, None, :].expand(4, 3, 2, 4).contiguous()
    maps = torch.eye(4)[:, None, None, :].expand(4, 1, 2, 4).contiguous()
    return Batch(images, LABELS, (maps,), torch.tensor([False, True, True, True]), rng)


def test_without_alpha_the_batch_stays_as_it_is():
    given = batch()
    assert mixup(given, 0.0, 7) is given


@pytest.mark.parametrize("seed", range(5))
def test_pictures_labels_and_maps_are_blended_by_the_same_shares(seed):
    found = mixup(batch(seed), 1.0, 7)
    shares = found.shares_BK[:, :4]
    torch.testing.assert_close(found.images_B3HW[:, 0, 0], shares)
    torch.testing.assert_close(found.maps[0][:, 0, 0], shares)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(4))


@pytest.mark.parametrize("seed", range(5))
def test_a_faces_label_stays_that_of_its_larger_part(seed):
    found = mixup(batch(seed), 0.4, 7)
    assert (found.shares_BK.gather(1, LABELS[:, None]) >= 0.5).all()
    assert torch.equal(found.labels_B, LABELS)


@pytest.mark.parametrize("seed", range(5))
def test_a_blend_has_a_map_only_if_both_faces_have_one(seed):
    found = mixup(batch(seed), 1.0, 7)
    with_the_first = found.shares_BK[:, 0] > 0
    assert torch.equal(found.valid_B, ~with_the_first)


def test_shares_are_distributed_as_the_larger_of_beta_and_its_rest():
    mixed = [mixup(batch(seed), 0.4, 7).shares_BK for seed in range(400)]
    found = [float(one.gather(1, LABELS[:, None]).min()) for one in mixed]
    drawn = np.random.default_rng(0).beta(0.4, 0.4, 20_000)
    assert np.mean(found) == pytest.approx(np.mean(np.maximum(drawn, 1 - drawn)), abs=0.03)


def test_the_same_generator_blends_alike():
    first, second = (mixup(batch(3), 0.4, 7) for _ in range(2))
    assert torch.equal(first.images_B3HW, second.images_B3HW)


def test_a_second_view_is_blended_as_the_first():
    given = batch(1)
    found = mixup(replace(given, second_B3HW=given.images_B3HW), 1.0, 7)
    torch.testing.assert_close(found.second_B3HW, found.images_B3HW)


def test_soft_labels_are_blended_as_pictures_are():
    soft_44 = torch.tensor([[0.5, 0.5, 0, 0], [0, 1, 0, 0], [0, 0.25, 0.75, 0], [0, 0, 0, 1]])
    given = replace(batch(1), shares_BK=soft_44)
    found = mixup(given, 1.0, 4)
    shares_44 = found.images_B3HW[:, 0, 0]  # of the faces, which are one-hot pictures
    torch.testing.assert_close(found.shares_BK, shares_44 @ soft_44)
