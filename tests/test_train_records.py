import torch

from train.records import Batch, all_faces, faces_with_map


def test_faces_are_counted_with_and_without_a_map():
    valid = torch.tensor([True, False, True])
    batch = Batch(torch.zeros(3, 3, 2, 2), torch.zeros(3), (), valid, torch.Generator())
    assert all_faces(batch) == 3
    assert faces_with_map(batch) == 2
