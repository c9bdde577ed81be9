"""Heatmaps of soft labels: the mean of the classes' maps, weighted by their shares."""

import numpy as np
import pytest

from anatomy.heatmaps import au, drawing
from anatomy.soft_heatmaps import soft_au
from tests.basic7 import BASIC7, EXPRESSIONS, book7

SIDES = {"size_px": 64, "canvas_px": 224, "codebook": book7()}
NEUTRAL, HAPPY, SAD = map(EXPRESSIONS.index, ("Neutral", "Happiness", "Sadness"))


@pytest.fixture
def faces(template_face):
    return np.stack([template_face, template_face + 3, template_face - 2])


def shares(*rows):
    made = np.zeros((len(rows), 7), np.float32)
    for place, row in enumerate(rows):
        for number, share in row.items():
            made[place, number] = share
    return made


def test_one_class_alone_is_its_map_to_the_bit(faces):
    given = shares({HAPPY: 1}, {SAD: 1}, {HAPPY: 1})
    soft, valid = soft_au(faces, [NEUTRAL] * 3, shares_NK=given, **SIDES)
    hard, _ = au(faces, [HAPPY, SAD, HAPPY], **SIDES)
    np.testing.assert_array_equal(soft, hard)
    assert valid.all()


def test_without_stretching_a_map_is_the_mean_of_its_classes(faces):
    given = shares({HAPPY: 0.75, SAD: 0.25}, {HAPPY: 0.5, SAD: 0.5}, {HAPPY: 0.25, SAD: 0.75})
    soft, _ = soft_au(faces, [0] * 3, shares_NK=given, normalise=False, **SIDES)
    happy, sad = (au(faces, [one] * 3, normalise=False, **SIDES)[0] for one in (HAPPY, SAD))
    first, second = given[:, [HAPPY]], given[:, [SAD]]
    np.testing.assert_allclose(soft, first[..., None] * happy + second[..., None] * sad, atol=1e-6)


def test_a_class_without_units_adds_nothing(faces):
    given = shares({NEUTRAL: 0.5, HAPPY: 0.5}, {NEUTRAL: 1}, {NEUTRAL: 0.7, HAPPY: 0.3})
    soft, valid = soft_au(faces, [NEUTRAL] * 3, shares_NK=given, **SIDES)
    assert valid.tolist() == [True, False, True]
    np.testing.assert_allclose(soft[[0, 2]], au(faces[[0, 2]], [HAPPY] * 2, **SIDES)[0], atol=1e-6)
    assert not soft[1].any()


def test_small_shares_are_not_drawn_and_a_fifth_is_not_small(faces):
    given = shares({NEUTRAL: 0.9, HAPPY: 0.1}, {NEUTRAL: 0.8, HAPPY: 0.2}, {HAPPY: 0.9, SAD: 0.1})
    soft, valid = soft_au(faces, [NEUTRAL] * 3, shares_NK=given, **SIDES)
    assert valid.tolist() == [False, True, True]
    np.testing.assert_allclose(soft[2], au(faces, [HAPPY] * 3, **SIDES)[0][2], atol=1e-6)
    drawn = soft_au(faces, [NEUTRAL] * 3, shares_NK=given, least=0.1, **SIDES)[1]
    assert drawn.all()


def test_a_face_whose_shares_are_not_known_has_the_map_of_its_class(faces):
    given = shares({HAPPY: 1}, {}, {SAD: 1})
    given[1] = np.nan
    soft, _ = soft_au(faces, [SAD] * 3, shares_NK=given, **SIDES)
    np.testing.assert_array_equal(soft[1], au(faces, [SAD] * 3, **SIDES)[0][1])
    every, _ = drawing("soft_au", BASIC7, {})(faces, [SAD] * 3, 64, canvas_px=224)
    np.testing.assert_array_equal(every, au(faces, [SAD] * 3, **SIDES)[0])


def test_a_failed_face_has_no_map(faces):
    faces = np.concatenate([faces, np.full_like(faces[:1], np.nan)])
    maps, valid = soft_au(faces, [HAPPY] * 4, shares_NK=shares(*[{SAD: 1}] * 4), **SIDES)
    assert valid.tolist() == [True, True, True, False]
    assert not maps[3].any()
