import numpy as np
import pytest

from benchmarks.made_faces import UNITS, made_faces
from contracts.scores import Subgroup
from measures.agreement import (
    au_shares,
    average_faithfulness,
    compute_agreements,
    macro_average,
    subgroups,
)

LABELS = np.array([0, 1, 1, 2, 3, 4, 5, 6])
ONE_WRONG = np.array([0, 1, 2, 2, 3, 4, 5, 6])


def with_attribute(**values):
    attributes = {name: np.array(one) for name, one in values.items()}
    return made_faces(LABELS, ONE_WRONG, attributes=attributes)


def test_every_layer_and_the_cam_are_averaged_beside_the_baselines():
    found = compute_agreements(made_faces(LABELS))
    assert list(found["att_cos"]) == ["1"]
    assert found["cam_cos"].overall == 1
    assert found["cam_cos"].centred.overall == 0.75
    assert found["cam_cos"].selectivity.overall == 0.5
    assert found["baselines"].all_aus.overall == 0.5
    assert found["baselines"].all_aus.per_class["Neutral"] is None
    assert found["baselines"].all_aus.n_valid == 7


def test_a_face_without_another_map_does_not_count_in_the_selectivity():
    selectivity = np.full((8, 2), 0.5, np.float32)
    selectivity[1] = np.nan
    found = compute_agreements(made_faces(LABELS, selectivity_NM=selectivity))
    assert found["cam_cos"].selectivity.overall == 0.5
    assert found["cam_cos"].selectivity.n_valid == 6


def test_the_share_of_a_unit_counts_faces_whose_expression_has_it():
    found = au_shares(made_faces(LABELS), "published")
    # The cheek raiser belongs to Happiness and to Sadness: faces 1, 2 and 7.
    assert found["6"].n == 3
    assert found["6"].name == "cheek raiser"
    assert found["6"].share == pytest.approx(0.3)
    assert found["6"].ratio == pytest.approx(3)


def test_a_face_without_the_region_does_not_count_in_its_share():
    shares = np.full((8, UNITS), 0.3, np.float32)
    shares[1] = np.nan
    assert au_shares(made_faces(LABELS, shares_NU=shares), "published")["6"].n == 2


def test_every_value_of_an_attribute_is_scored_or_at_least_counted():
    found = subgroups(with_attribute(gender=["f", "f", "f", "f", "f", "m", "m", ""]), 3)
    women, men = found["gender"]
    assert (women.value, women.n, women.n_valid) == ("f", 5, 4)
    assert women.accuracy == pytest.approx(4 / 5)
    assert women.att_cos == 1
    assert men == Subgroup(value="m", n=2, accuracy=None, n_valid=2, att_cos=None)


def test_an_attribute_that_names_every_face_makes_no_table():
    assert subgroups(with_attribute(camera_file=list("abcdefgh")), 2) == {}


def test_an_attribute_of_many_rare_values_makes_no_table():
    valence = ["0.0", "0.0", "0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]
    assert subgroups(with_attribute(valence=valence), 3) == {}


def test_faithfulness_is_averaged_if_it_was_measured():
    assert average_faithfulness(made_faces(LABELS), 8) is None
    areas = np.full((8, 3, 2), 0.25, np.float32)
    found = average_faithfulness(made_faces(LABELS, faithfulness_NOC=areas), 8)
    assert found.cam.deletion.overall == 0.25
    assert found.steps == 8


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
