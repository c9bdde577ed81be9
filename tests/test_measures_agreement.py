import numpy as np
import pytest

from benchmarks.made_faces import BOOK, UNITS, made_faces
from contracts.scores import Subgroup
from measures.agreement import (
    au_shares,
    compute_agreements,
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
    found = au_shares(made_faces(LABELS), BOOK)
    # The cheek raiser belongs to Happiness and to Sadness: faces 1, 2 and 7.
    assert found["6"].n == 3
    assert found["6"].name == "cheek raiser"
    assert found["6"].share == pytest.approx(0.3)
    assert found["6"].ratio == pytest.approx(3)


def test_a_face_without_the_region_does_not_count_in_its_share():
    shares = np.full((8, UNITS), 0.3, np.float32)
    shares[1] = np.nan
    assert au_shares(made_faces(LABELS, shares_NU=shares), BOOK)["6"].n == 2


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
