import numpy as np
import polars as pl
import pytest

from anatomy.action_units import CODEBOOKS
from contracts.scores import Subgroup
from train.evaluation.batch import EvalFaces, EvalOutputs
from train.evaluation.metrics import (
    au_shares,
    class_mean_cosine,
    compute_agreements,
    macro_average,
    own_cosine,
    selectivity,
    subgroups,
)

FACES = 8
LABELS = np.array([0, 1, 1, 2, 3, 4, 5, 6])


@pytest.fixture
def outputs():
    """Eight faces, two maps each; cosines are .5 with every map, the own one's is 1."""
    cosines = np.full((FACES, 2, 7), 0.5)
    cosines[np.arange(FACES), :, LABELS] = 1
    defined = np.ones((FACES, 7), bool)
    defined[:, 0] = False
    units = len(CODEBOOKS["published"].units)
    areas = np.full((FACES, units), 0.1)
    maps = np.random.default_rng(0).random((FACES, 4, 4))
    return EvalOutputs(
        probabilities_BV=np.eye(7)[[0, 1, 2, 2, 3, 4, 5, 6]],
        cosines_BMV=cosines,
        centred_BMV=cosines - 0.25,
        uniform_BV=cosines[:, 0] - 0.5,
        all_aus_B=np.full(FACES, 0.875),
        defined_BV=defined,
        attention_BSS=maps,
        cam_BSS=maps,
        au_BSS=maps,
        shares_BU=3 * areas,
        areas_BU=areas,
    )


def faces_with(**columns):
    table = [
        {"id": str(place), **{name: values[place] for name, values in columns.items()}}
        for place in range(FACES)
    ]
    attributes = tuple({*columns} - {"person", "resized_from"})
    return EvalFaces(np.arange(FACES), LABELS, pl.DataFrame(table), FACES, attributes)


def test_every_layer_and_the_cam_are_averaged_beside_the_baselines(outputs):
    found = compute_agreements(outputs, LABELS)
    assert list(found["att_cos"]) == ["1"]
    assert found["cam_cos"].overall == 1
    assert found["cam_cos"].centred.overall == 0.75
    assert found["cam_cos"].selectivity.overall == 0.5
    assert found["baselines"].uniform.overall == 0.5
    assert found["baselines"].all_aus.overall == 0.875
    assert found["baselines"].all_aus.per_class["Neutral"] is None
    assert found["baselines"].all_aus.n_valid == 7


def test_the_only_face_of_a_class_is_its_class_mean(outputs):
    found = class_mean_cosine(outputs.au_BSS, LABELS, outputs.has_own_map(LABELS))
    np.testing.assert_allclose(found[3:], 1)
    assert (found[1:3] < 1).all()
    assert found[0] == 0


def test_the_share_of_a_unit_counts_faces_whose_expression_has_it(outputs):
    found = au_shares(outputs, LABELS, "published")
    # The cheek raiser belongs to Happiness and to Sadness: faces 1, 2 and 7.
    assert found["6"].n == 3
    assert found["6"].name == "cheek raiser"
    assert found["6"].share == pytest.approx(0.3)
    assert found["6"].ratio == pytest.approx(3)


def test_a_face_without_the_region_does_not_count_in_its_share(outputs):
    outputs.shares_BU[1] = np.nan
    assert au_shares(outputs, LABELS, "published")["6"].n == 2


def test_every_value_of_an_attribute_is_scored_or_at_least_counted(outputs):
    gender = ["f", "f", "f", "f", "f", "m", "m", ""]
    found = subgroups(outputs, faces_with(gender=gender, person=list("abcdefgh")), 3)
    assert list(found) == ["gender"]
    women, men = found["gender"]
    assert (women.value, women.n, women.n_valid) == ("f", 5, 4)
    assert women.accuracy == pytest.approx(4 / 5)
    assert women.att_cos == 1
    assert men == Subgroup(value="m", n=2, accuracy=None, n_valid=2, att_cos=None)


def test_a_column_that_a_stage_wrote_makes_no_subgroup(outputs):
    sizes = ["64"] * 4 + ["128"] * 4
    assert subgroups(outputs, faces_with(resized_from=sizes), 3) == {}


def test_an_attribute_that_names_every_face_makes_no_table(outputs):
    assert subgroups(outputs, faces_with(camera_file=list("abcdefgh")), 2) == {}


def test_an_attribute_of_many_rare_values_makes_no_table(outputs):
    valence = ["0.0", "0.0", "0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]
    assert subgroups(outputs, faces_with(valence=valence), 3) == {}


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


def test_the_overall_score_weighs_classes_and_not_faces():
    found = macro_average(np.array([1.0, 1, 1, 0]), np.array([1, 1, 1, 2]), np.ones(4, bool))
    assert found.overall == 0.5
    assert found.per_class["Happiness"] == 1
    assert found.per_class["Fear"] is None


def test_faces_without_a_map_do_not_count_but_show_in_the_coverage():
    found = macro_average(np.array([1.0, np.nan]), np.array([1, 0]), np.array([True, False]))
    assert (found.overall, found.n_valid, found.n) == (1.0, 1, 2)


def test_no_counted_face_gives_no_score():
    assert macro_average(np.zeros(1), np.array([0]), np.array([False])).overall is None


def test_the_own_cosine_is_that_of_the_label():
    np.testing.assert_array_equal(
        own_cosine(np.arange(14.0).reshape(2, 7), np.array([0, 3])), [0, 10]
    )
