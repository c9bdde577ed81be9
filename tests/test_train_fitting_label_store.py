import numpy as np
import pytest
import torch

from tests.resuming import CPU
from train.fitting.distributed import Distributed
from train.fitting.label_store import LabelStore
from train.records import Batch

ALONE = Distributed.single(CPU)


@pytest.fixture
def labels():
    return LabelStore(np.array([3, 1, 4, 1, 5]), ALONE)


def batch(rows, stored):
    faces = len(rows)
    return Batch(
        torch.zeros(faces, 3, 1, 1),
        torch.tensor(stored),
        (),
        torch.ones(faces).bool(),
        torch.Generator(),
        rows_B=torch.tensor(rows),
    )


def changed(labels, rows, stored, now):
    shown = labels.apply(batch(rows, stored))
    labels.propose(shown, torch.tensor(now))
    labels.commit(updated=True)


def test_a_change_is_seen_from_the_next_epoch_on_and_takes_the_heatmap_away(labels):
    changed(labels, [1, 2], [1, 4], [1, 0])
    assert labels.apply(batch([1, 2], [1, 4])).labels_B.tolist() == [1, 4]
    labels.end_epoch()
    shown = labels.apply(batch([1, 2], [1, 4]))
    assert shown.labels_B.tolist() == [1, 0]
    assert shown.valid_B.tolist() == [True, False]
    assert labels.changed() == [(2, 0)]


def test_a_step_that_was_not_taken_changes_no_label(labels):
    labels.propose(labels.apply(batch([0], [3])), torch.tensor([6]))
    labels.commit(updated=False)
    labels.end_epoch()
    assert labels.changed() == []


def test_a_face_seen_again_without_a_change_keeps_the_change(labels):
    changed(labels, [0], [3], [6])
    changed(labels, [0], [3], [3])
    assert labels.changed() == [(0, 6)]


def test_of_two_changes_of_a_face_in_one_step_the_higher_counts(labels):
    changed(labels, [0, 0, 0], [3, 3, 3], [6, 2, 3])
    assert labels.changed() == [(0, 6)]


def test_labels_survive_in_the_middle_of_an_epoch(labels):
    changed(labels, [0], [3], [6])
    labels.end_epoch()
    changed(labels, [4], [5], [2])
    other = LabelStore(np.array([3, 1, 4, 1, 5]), ALONE)
    other.load_state_dict(labels.state_dict())
    assert other.changed() == [(0, 6), (4, 2)]
    assert other.apply(batch([0, 4], [3, 5])).labels_B.tolist() == [6, 5]
