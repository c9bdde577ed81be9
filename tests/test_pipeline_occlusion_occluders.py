from typing import get_args

import numpy as np
import pytest

from anatomy.landmarks import five_landmarks
from contracts.occlusion import OccluderName
from pipeline.occlusion.occluders import OCCLUDERS, put_before
from pipeline.occlusion.textures import TEXTURES

ROWS, COLUMNS = np.mgrid[:256, :256]
FACE = np.stack([ROWS, COLUMNS, ROWS // 2], axis=2).astype(np.uint8)


def test_the_family_is_what_may_be_named():
    assert set(OCCLUDERS) == set(get_args(OccluderName))
    assert {name for one in OCCLUDERS.values() for name in one.textures} <= set(TEXTURES)


@pytest.mark.parametrize("name", OCCLUDERS)
@pytest.mark.parametrize("seed", range(5))
def test_what_is_not_covered_stays_as_it_was(name, seed, template_face):
    drawn, alpha = put_before(
        FACE, five_landmarks(template_face), name, np.random.default_rng(seed)
    )
    np.testing.assert_array_equal(drawn[alpha == 0], FACE[alpha == 0])
    assert (drawn[alpha == 1] != FACE[alpha == 1]).any()
    assert 0.01 < alpha.mean() < 0.8


@pytest.mark.parametrize(("name", "row"), [("glasses", 112), ("mask", 194), ("scarf", 240)])
def test_a_thing_is_where_it_is_worn(name, row, template_face):
    points = five_landmarks(template_face)
    alphas = [put_before(FACE, points, name, np.random.default_rng(n))[1] for n in range(10)]
    mean = np.mean(alphas, axis=0)
    assert mean[row].mean() > 0.2
    assert mean[20].max() == 0


def test_a_grey_face_stays_grey(template_face):
    grey = np.repeat(FACE[..., :1], 3, axis=2)
    drawn, _ = put_before(grey, five_landmarks(template_face), "scarf", np.random.default_rng(3))
    assert (drawn[..., :1] == drawn).all()
