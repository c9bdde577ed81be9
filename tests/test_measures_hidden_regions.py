import numpy as np
import pytest

from benchmarks.made_faces import made_faces
from measures.hidden_regions import region_importance, region_set
from tests.basic7 import EXPRESSIONS, book7

REGIONS = region_set(book7())
HAPPINESS, NEUTRAL = EXPRESSIONS.index("Happiness"), EXPRESSIONS.index("Neutral")
LABELS = np.array([HAPPINESS] * 4 + [NEUTRAL] * 2)


def table(drop, elsewhere, resamples=50):
    measured = {"drop_NR": drop.astype(np.float32), "elsewhere_NR": elsewhere.astype(np.float32)}
    faces = made_faces(LABELS, **measured, hidden_NR=np.full(drop.shape, 0.1, np.float32))
    return region_importance(faces, (resamples, 0), book7(), "blur")


def constant(value):
    return np.full((6, len(REGIONS.units)), value)


def test_what_any_hole_costs_does_not_count():
    found = table(constant(0.3), constant(0.3))
    assert found.own.value == pytest.approx(0, abs=1e-6)
    assert found.selectivity.value == pytest.approx(0, abs=1e-6)
    assert found.ranking.value == 0.5


def test_own_regions_are_those_of_the_expression():
    own = REGIONS.own_KU[LABELS]
    found = table(np.where(own, 0.5, 0.1), constant(0.1))
    assert found.own.value == pytest.approx(0.4)
    assert found.others.value == pytest.approx(0, abs=1e-6)
    assert found.selectivity.value == pytest.approx(0.4)
    assert found.selectivity.interval == pytest.approx((0.4, 0.4))
    assert found.ranking.value == 1
    assert found.own.n == found.others.n == 4  # Neutral has none


def test_a_cell_is_the_mean_of_the_faces_of_its_expression_with_its_error():
    drop = constant(0.0)
    smile = REGIONS.units.index((12, 15))
    drop[:4, smile] = [0.1, 0.2, 0.3, 0.4]
    found = table(drop, constant(0.05))
    row = found.regions[smile]
    cell = row.cells["Happiness"]
    assert (row.units, row.name, cell.own, cell.n) == ((12, 15), "lip corner puller", True, 4)
    assert cell.drop == pytest.approx(0.25)
    assert cell.elsewhere == pytest.approx(0.05)
    assert cell.error == pytest.approx(np.std([0.1, 0.2, 0.3, 0.4], ddof=1) / 2)
    assert row.cells["Fear"] is None
    assert row.cells["Neutral"].own is False


def test_a_region_that_no_face_has_is_empty_and_counts_nowhere():
    drop = constant(0.2)
    drop[:, 0] = np.nan
    found = table(drop, constant(0.1))
    assert set(found.regions[0].cells.values()) == {None}
    assert found.own.value == pytest.approx(0.1)


def test_nothing_measured_is_no_table():
    assert table(constant(np.nan), constant(np.nan)) is None


def test_without_resamples_there_is_no_interval():
    assert table(constant(0.2), constant(0.1), resamples=0).own.interval is None


def test_units_that_share_a_region_are_hidden_together():
    regions = region_set(book7())
    assert (12, 15) in regions.units
    assert (23, 24, 26, 27) in regions.units
    assert sorted(unit for units in regions.units for unit in units) == [
        *(1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 20, 23, 24, 25, 26, 27, 43)
    ]
    assert not regions.own_KU[0].any()  # Neutral
    smile = regions.units.index((12, 15))
    assert regions.own_KU[:, smile].tolist() == [False, True, False, False, False, False, True]
