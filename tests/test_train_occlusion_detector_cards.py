"""patches.json, read and told."""

import numpy as np
import pytest

from contracts.occlusion import DetectorCard, DetectorScores
from errors import NoInputError
from train.occlusion.detector_cards import read_card, table
from train.occlusion.detectors import DETECTORS

SCORES = DetectorScores(
    auroc_unseen=None,
    auroc_kinds={"bar": 0.75},
    accuracy=0.5,
    precision=None,
    recall=0.25,
    flagged_bare=0.05,
)
CARD = DetectorCard(
    version=1,
    params={"unseen": ["glasses"]},
    detector="svdd",
    radius=1.0,
    **dict.fromkeys(("faces", "occluded", "mae"), "digest"),
    **dict.fromkeys(("fitted", "held_out", "tested"), 3),
    scores=dict.fromkeys(DETECTORS, SCORES),
)


def test_the_floor_comes_first_and_what_is_kept_is_marked():
    first, floor, *_ = table(CARD).splitlines()
    assert "learnt from (glasses); the floor is `pixels`" in first
    assert floor == (
        "  pixels: AUROC -; at the radius accuracy 0.500, precision -, recall 0.250, "
        "0.050 of bare patches called; by kind bar 0.750"
    )
    assert [line.split(":")[0] for line in table(CARD).splitlines() if "(kept)" in line] == [
        "  svdd (kept)"
    ]


def test_another_output_is_no_detector(make_store, tmp_path):
    store = make_store(tmp_path / "faces", {"image": np.zeros((2, 4), np.uint8)})
    with pytest.raises(NoInputError, match="no detector of patches"):
        read_card(store)
