import numpy as np
import polars as pl
import pytest

from tests.basic7 import EXPRESSIONS, book7
from train.evaluation.batch import EvalFaces, EvalOutputs
from train.evaluation.hiding import HidingEffects
from train.evaluation.metrics import class_mean_cosine, face_scores, own_cosine, selectivity
from train.evaluation.own_units import OwnUnits

FACES = 8
LABELS = np.array([0, 1, 1, 2, 3, 4, 5, 6])


@pytest.fixture
def outputs():
    """Eight faces, two maps each; cosines are .5 with every map, the own one's is 1."""
    cosines = np.full((FACES, 2, 7), 0.5)
    cosines[np.arange(FACES), :, LABELS] = 1
    defined = np.ones((FACES, 7), bool)
    defined[:, 0] = False
    units = len(book7().units)
    areas = np.full((FACES, units), 0.1)
    maps = np.random.default_rng(0).random((FACES, 4, 4))
    return EvalOutputs(
        probabilities_BV=np.eye(7)[[0, 1, 2, 2, 3, 4, 5, 6]],
        cosines_BMV=cosines,
        centred_BMV=cosines - 0.25,
        uniform_BV=cosines[:, 0] - 0.5,
        all_aus_B=np.full(FACES, 0.875),
        defined_BV=defined,
        own_cosines_BMK=np.tile([0.75, 0.5], (FACES, 2, 1)),
        own_references_BK=np.tile([0.4, 0.6, 0.9, 0.8, 0.7], (FACES, 1)),
        attention_BSS=maps,
        cam_BSS=maps,
        au_BSS=maps,
        shares_BU=3 * areas,
        areas_BU=areas,
        valence_arousal_BD=np.zeros((FACES, 0)),
    )


def test_every_face_keeps_the_numbers_that_its_scores_follow_from(outputs):
    table = pl.DataFrame(
        {
            "person": list("abcdefgh"),
            "gender": ["f", "m", "", "f", "m", "f", "m", "f"],
        }
    )
    hiding = HidingEffects.unmeasured(8, 13)
    faces = EvalFaces(np.arange(8) + 5, LABELS, EXPRESSIONS, table, 9, ("gender",))
    found = face_scores(outputs, faces, hiding, None)
    assert found.rows_N.tolist() == [*range(5, 13)]
    assert found.persons_N.tolist() == list("abcdefgh")
    assert found.is_right.tolist() == [True, True, False, True, True, True, True, True]
    assert found.valid_N.tolist() == [False] + [True] * 7
    np.testing.assert_array_equal(found.cosines_NM, 1)
    np.testing.assert_array_equal(found.centred_NM, 0.75)
    np.testing.assert_array_equal(found.selectivity_NM[1:], 0.5)
    np.testing.assert_array_equal(found.baselines_NK[:, :2], [[0.5, 0.875]] * 8)
    assert np.isnan(found.faithfulness_NOC).all()
    assert found.drop_NR is hiding.regions.drop_BU
    assert found.attributes["gender"].tolist() == table["gender"].to_list()


def test_a_face_keeps_how_maps_agree_with_its_own_action_units(outputs):
    persons = pl.DataFrame({"person": list("abcdefgh")})
    faces = EvalFaces(np.arange(8), LABELS, EXPRESSIONS, persons, 8)
    weights = np.zeros((8, 2), np.float32)
    own = OwnUnits(weights, weights, LABELS > 3)
    found = face_scores(outputs, faces, HidingEffects.unmeasured(8, 13), own)
    assert found.own_coded_N.tolist() == (LABELS > 3).tolist()
    np.testing.assert_array_equal(found.own_cosines_NM, 0.75)
    np.testing.assert_array_equal(found.own_selectivity_NM, 0.25)
    np.testing.assert_allclose(found.own_baselines_NK, [[0.4, 0.6, 0.9]] * 8)
    np.testing.assert_allclose(found.own_levels_NK, [[0.1, 0.3]] * 8, atol=1e-6)


def test_the_only_face_of_a_class_is_its_class_mean(outputs):
    found = class_mean_cosine(outputs.au_BSS, LABELS, outputs.has_own_map(LABELS))
    np.testing.assert_allclose(found[3:], 1)
    assert (found[1:3] < 1).all()
    assert found[0] == 0


def test_the_same_blob_on_every_face_has_no_selectivity():
    everywhere = np.full((3, 7), 0.8)
    found = selectivity(everywhere, np.ones((3, 7), bool), np.array([1, 2, 3]))
    np.testing.assert_allclose(found, 0, atol=1e-12)


def test_selectivity_is_own_cosine_minus_the_mean_of_the_others():
    row = np.array([[0, 0.9, 0.3, 0.1, 0, 0, 0]])
    defined = np.array([[False, True, True, True, False, False, False]])
    assert selectivity(row, defined, np.array([1]))[0] == pytest.approx(0.9 - 0.2)


def test_without_another_map_selectivity_is_undefined():
    alone = np.eye(7, dtype=bool)[[1]]
    assert np.isnan(selectivity(np.ones((1, 7)), alone, np.array([1]))[0])


def test_the_own_cosine_is_that_of_the_label():
    np.testing.assert_array_equal(
        own_cosine(np.arange(14.0).reshape(2, 7), np.array([0, 3])), [0, 10]
    )
