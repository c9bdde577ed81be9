import numpy as np
import pytest

from anatomy.au_coding import AUCoding
from anatomy.heatmaps import HEATMAPS, OWN_HEATMAPS, au, drawing, single_au
from anatomy.own_heatmaps import own_au, own_or_codebook
from errors import UsageError
from tests.basic7 import BASIC7, EXPRESSIONS, book7

SIDES = {"size_px": 64, "canvas_px": 224, "codebook": book7()}
HAPPY, NEUTRAL = EXPRESSIONS.index("Happiness"), EXPRESSIONS.index("Neutral")


@pytest.fixture
def faces(template_face):
    return np.stack([template_face, template_face + 3, template_face - 2])


def coding(units, *rows):
    return AUCoding(units, np.array(rows, np.float32))


def test_one_unit_alone_is_the_map_of_that_unit(faces):
    own, valid = own_au(faces, [0] * 3, coding=coding((4,), [0.3], [1], [0.6]), **SIDES)
    single, _ = single_au(faces, [0] * 3, au=4, **SIDES)
    np.testing.assert_allclose(own, single, atol=1e-6)
    assert valid.all()


def test_without_stretching_a_region_is_as_bright_as_its_unit_is_intense(faces):
    given = coding((1, 27), [0.3, 0.8], [0.9, 0.2], [0.5, 0.5])
    own, _ = own_au(faces, [0] * 3, coding=given, normalise=False, **SIDES)
    brows, mouth = (
        single_au(faces, [0] * 3, au=unit, normalise=False, **SIDES)[0] for unit in (1, 27)
    )
    strengths = given.intensities_NU
    np.testing.assert_allclose(
        own,
        np.maximum(
            brows * strengths[:, 0, None, None],
            mouth * strengths[:, 1, None, None],
        ),
        atol=1e-6,
    )


def test_equal_intensities_draw_the_stencil_of_the_class(faces):
    given = coding((6, 12, 25), *[[0.7, 0.7, 0.7]] * 3)
    own, _ = own_au(faces, [HAPPY] * 3, coding=given, **SIDES)
    stencil, _ = au(faces, [HAPPY] * 3, **SIDES)
    np.testing.assert_allclose(own, stencil, atol=1e-6)


def test_a_face_has_no_map_if_nothing_was_coded_or_nothing_acts(faces):
    given = coding((6, 12), [np.nan, np.nan], [0, 0.05], [0, 0.5])
    maps, valid = own_au(faces, [HAPPY] * 3, coding=given, **SIDES)
    assert valid.tolist() == [False, False, True]
    assert not maps[:2].any()
    assert not own_au(faces, [HAPPY] * 3, **SIDES)[1].any()


def test_the_codebook_stands_in_only_where_nothing_was_coded(faces):
    given = coding((1, 2), [np.nan, np.nan], [0, 0], [1, 1])
    maps, valid = own_or_codebook(faces, [HAPPY] * 3, coding=given, **SIDES)
    stencil, _ = au(faces, [HAPPY] * 3, **SIDES)
    own, _ = own_au(faces, [HAPPY] * 3, coding=given, **SIDES)
    assert valid.tolist() == [True, False, True]
    np.testing.assert_array_equal(maps[0], stencil[0])
    np.testing.assert_array_equal(maps[2], own[2])


def test_without_any_coding_it_is_the_codebook(faces):
    labels = [HAPPY, NEUTRAL, 4]
    maps, valid = own_or_codebook(faces, labels, **SIDES)
    expected, defined = au(faces, labels, **SIDES)
    np.testing.assert_array_equal(maps, expected)
    np.testing.assert_array_equal(valid, defined)


def test_a_failed_face_has_no_map(faces):
    faces[1] = np.nan
    for draw in OWN_HEATMAPS.values():
        _, valid = draw(faces, [HAPPY] * 3, coding=coding((12,), [1], [1], [1]), **SIDES)
        assert valid.tolist() == [True, False, True]


def test_only_the_kinds_of_ones_own_units_take_a_coding(faces):
    given = coding((12,), [1], [1], [1])
    for kind in HEATMAPS:
        maps, _ = drawing(kind, BASIC7, {}, given)(faces, [HAPPY] * 3, 64, canvas_px=224)
        assert len(maps) == 3
    with pytest.raises(UsageError, match="own_au"):
        drawing("own_aus", BASIC7, {}, given)
