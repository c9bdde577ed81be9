from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.networks import plain_cross_entropy
from tests.two_faces import chance, two_faces
from train.methods.cutmix import cutmix, paste_boxes, random_box
from train.options import CutMixParams
from train.records import Forward

SWAP = torch.tensor([1, 0])
MIDDLE = torch.tensor([[1, 3], [1, 3]])


def test_a_box_has_the_drawn_share_and_middle():
    box = random_box(torch.tensor([0.75, 0.5, 0.5]), torch.Size([4, 4]))
    assert box.tolist() == [[1, 3], [1, 3]]


def test_a_box_is_cut_at_the_border():
    box = random_box(torch.tensor([0.75, 0.0, 0.99]), torch.Size([4, 4]))
    assert box.tolist() == [[0, 1], [2, 4]]


def test_a_patch_is_pasted_into_the_picture():
    mixed = paste_boxes(two_faces(), SWAP, MIDDLE, 7).images_B3HW
    expected = torch.zeros(4, 4)
    expected[1:3, 1:3] = 1
    torch.testing.assert_close(mixed[0, 0], expected)
    torch.testing.assert_close(mixed[1, 0], 1 - expected)


def test_a_coarse_map_is_mixed_by_what_the_patch_covers_of_each_cell():
    mixed = paste_boxes(two_faces(), SWAP, torch.tensor([[0, 3], [1, 3]]), 7).maps[0]
    torch.testing.assert_close(mixed[0, 0], torch.tensor([[0.5, 0.5], [0.25, 0.25]]))


def test_labels_are_shared_by_exact_area():
    mixed = paste_boxes(two_faces(), SWAP, MIDDLE, 7).shares_BK
    assert mixed[0].tolist() == [0, 0.75, 0, 0, 0.25, 0, 0]
    assert mixed[1].tolist() == [0, 0.25, 0, 0, 0.75, 0, 0]


def test_the_loss_of_a_mixed_face_is_the_mix_of_its_losses():
    batch = paste_boxes(two_faces(), SWAP, MIDDLE, 7)
    logits = torch.randn(2, 7, generator=chance())
    own, other = (
        nn.functional.cross_entropy(logits, labels)
        for labels in (batch.labels_B, batch.labels_B[SWAP])
    )
    found = plain_cross_entropy(Forward(logits, ()), batch)
    torch.testing.assert_close(found, 0.75 * own + 0.25 * other)


def test_a_patch_from_an_undefined_map_leaves_none():
    assert paste_boxes(two_faces(valid=(True, False)), SWAP, MIDDLE, 7).valid_B.tolist() == [
        False,
        False,
    ]
    itself = torch.tensor([0, 1])
    assert paste_boxes(two_faces(valid=(True, False)), itself, MIDDLE, 7).valid_B.tolist() == [
        True,
        False,
    ]


def test_an_empty_patch_changes_nothing():
    batch = two_faces(valid=(True, False))
    mixed = paste_boxes(batch, SWAP, torch.zeros(2, 2, dtype=torch.int64), 7)
    torch.testing.assert_close(mixed.images_B3HW, batch.images_B3HW)
    assert mixed.valid_B.tolist() == [True, False]


@pytest.mark.parametrize(("probability", "mixes"), [(0.0, False), (1.0, True)])
def test_batches_are_mixed_as_often_as_asked(probability, mixes):
    prepare = cutmix(CutMixParams(probability=probability)).prepare_batch
    shares = torch.stack([prepare(two_faces(seed=seed), 7).shares_BK for seed in range(20)])
    assert bool((shares[..., [1, 4]].amin(dim=-1) > 0).any()) is mixes


def test_soft_labels_are_shared_by_area_as_labels_are():
    soft_27 = torch.tensor([[0.5, 0.5, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1.0]])
    mixed = paste_boxes(replace(two_faces(), shares_BK=soft_27), SWAP, MIDDLE, 7).shares_BK
    assert mixed[0].tolist() == [0.375, 0.375, 0, 0, 0, 0, 0.25]
    assert mixed[1].tolist() == [0.125, 0.125, 0, 0, 0, 0, 0.75]
