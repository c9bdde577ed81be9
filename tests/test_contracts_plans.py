"""What plan writes and train reads."""

import pytest
from pydantic import ValidationError

from contracts.plans import Plan

WORDS = {
    "dataset": "mine",
    "method": "cam",
    "variant": "plain",
    "restored": None,
    "warm_start": None,
}


def test_a_run_without_heatmaps_says_so():
    assert Plan(**WORDS, params={"lr": 0.5}, heatmaps=None).heatmaps is None


@pytest.mark.parametrize("heatmaps", [{"kind": "au"}, {"kind": "au", "digest": "f", "size": 1}])
def test_heatmaps_are_a_kind_and_a_digest(heatmaps):
    with pytest.raises(ValidationError):
        Plan(**WORDS, params={}, heatmaps=heatmaps)
