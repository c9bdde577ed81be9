import numpy as np
import pytest
import torch

from train.examination.black_box_scores import jackknife_error, map_errors
from train.methods.black_box import BlackBoxMap


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.array([1.0, 2.0, 4.0, 7.0])
    parts = [np.delete(values, one).mean() for one in range(4)]
    assert jackknife_error(parts) == pytest.approx(values.std(ddof=1) / 2)


def test_without_portions_there_is_no_error():
    assert jackknife_error([]) is None
    assert jackknife_error([None, 0.5]) is None


def test_the_error_of_a_map_is_a_share_of_its_spread():
    maps = torch.tensor([[[0.0, 1.0]]])
    parts = torch.stack([maps + 0.1, maps - 0.1])
    found = map_errors(BlackBoxMap(maps, parts))
    assert found.item() == pytest.approx(0.1 / maps.std().item())
    assert map_errors(BlackBoxMap(maps, parts[:0])).isnan().all()
