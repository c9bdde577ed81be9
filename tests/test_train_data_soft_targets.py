"""Targets that are shares of several people's labels."""

import numpy as np
import pytest

from errors import DataError
from store.reading import Store
from train.data.soft_targets import read_soft_targets, require_shares


def test_unknown_shares_are_those_of_the_label_alone(voted):
    found = read_soft_targets(Store(voted.faces), np.arange(42) % 7)
    assert found.shares_NK[1].tolist() == [0, 0.75, 0.25, 0, 0, 0, 0]
    assert found.shares_NK[5].tolist() == [0, 0, 0, 0, 0, 1, 0]
    assert found.known_N.tolist() == [row % 5 != 0 for row in range(42)]
    np.testing.assert_array_equal(found.shares_NK.sum(axis=1), 1)


def test_faces_without_shares_are_refused_with_the_remedy(tiny, voted):
    require_shares(Store(voted.faces), "cam soft")
    with pytest.raises(DataError, match=r"cam soft has train\.targets: soft.*\{shares: rows\}"):
        require_shares(Store(tiny.faces), "cam soft")
