import numpy as np
import polars as pl
import pytest

from anatomy.action_units import CODEBOOKS
from pipeline.index import _COLUMNS
from train.evaluation.measure import Measured, Subjects
from train.evaluation.metrics import (
    KNOWN_COLUMNS,
    agreements,
    au_shares,
    subgroups,
    template_cosine,
)

FACES = 8
LABELS = np.array([0, 1, 1, 2, 3, 4, 5, 6])


@pytest.fixture
def measured():
    """Eight faces, two maps each; cosines are .5 with every map, the own one's is 1."""
    cosines = np.full((FACES, 2, 7), 0.5)
    cosines[np.arange(FACES), :, LABELS] = 1
    defined = np.ones((FACES, 7), bool)
    defined[:, 0] = False
    units = len(CODEBOOKS["published"].units)
    areas = np.full((FACES, units), 0.1)
    maps = np.random.default_rng(0).random((FACES, 4, 4))
    return Measured(
        probabilities_BV=np.eye(7)[[0, 1, 2, 2, 3, 4, 5, 6]],
        cosines_BMV=cosines,
        centred_BMV=cosines - 0.25,
        uniform_BV=cosines[:, 0] - 0.5,
        generic_B=np.full(FACES, 0.875),
        defined_BV=defined,
        attention_BSS=maps,
        cam_BSS=maps,
        au_BSS=maps,
        shares_BU=3 * areas,
        areas_BU=areas,
    )


def subjects_with(**columns):
    table = [
        {"id": str(place), **{name: values[place] for name, values in columns.items()}}
        for place in range(FACES)
    ]
    return Subjects(np.arange(FACES), LABELS, pl.DataFrame(table), FACES)


def test_every_layer_and_the_cam_are_summed_up_beside_the_floors(measured):
    found = agreements(measured, LABELS)
    assert list(found["att_cos"]) == ["1"]
    assert found["cam_cos"]["overall"] == 1
    assert found["cam_cos"]["centred"]["overall"] == 0.75
    assert found["cam_cos"]["selectivity"]["overall"] == 0.5
    assert found["floors"]["uniform"]["overall"] == 0.5
    assert found["floors"]["generic_au"]["overall"] == 0.875
    assert found["floors"]["generic_au"]["per_class"]["Neutral"] is None
    assert found["floors"]["generic_au"]["n_valid"] == 7


def test_one_face_of_a_class_is_its_own_template(measured):
    found = template_cosine(measured.au_BSS, LABELS, measured.own_defined(LABELS))
    np.testing.assert_allclose(found[3:], 1)
    assert (found[1:3] < 1).all()
    assert found[0] == 0


def test_the_share_of_a_unit_counts_faces_whose_expression_has_it(measured):
    found = au_shares(measured, LABELS, "published")
    # The cheek raiser belongs to Happiness and to Sadness: faces 1, 2 and 7.
    assert found["6"]["n"] == 3
    assert found["6"]["name"] == "cheek raiser"
    assert found["6"]["share"] == pytest.approx(0.3)
    assert found["6"]["ratio"] == pytest.approx(3)


def test_a_face_without_the_region_does_not_count_in_its_share(measured):
    measured.shares_BU[1] = np.nan
    assert au_shares(measured, LABELS, "published")["6"]["n"] == 2


def test_every_value_of_an_attribute_is_scored_or_at_least_counted(measured):
    gender = ["f", "f", "f", "f", "f", "m", "m", ""]
    found = subgroups(measured, subjects_with(gender=gender, person=list("abcdefgh")), 3)
    assert list(found) == ["gender"]
    women, men = found["gender"]
    assert (women["value"], women["n"], women["n_valid"]) == ("f", 5, 4)
    assert women["accuracy"] == pytest.approx(4 / 5)
    assert women["att_cos"] == 1
    assert men == {"value": "m", "n": 2, "accuracy": None, "n_valid": 2, "att_cos": None}


def test_an_attribute_that_names_every_face_makes_no_table(measured):
    assert subgroups(measured, subjects_with(camera_file=list("abcdefgh")), 2) == {}


def test_an_attribute_of_many_rare_values_makes_no_table(measured):
    valence = ["0.0", "0.0", "0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]
    assert subgroups(measured, subjects_with(valence=valence), 3) == {}


def test_no_column_of_ours_is_taken_for_an_attribute():
    assert set(_COLUMNS) <= KNOWN_COLUMNS
