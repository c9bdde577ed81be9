"""Published figures."""

from report.reading.published import PUBLISHED, SWEPT
from report.tables.table import flatten
from train.methods import METHODS


def test_published_methods_are_rows_of_ours():
    assert set(PUBLISHED) <= set(METHODS)


def test_published_figures_are_shares():
    figures = [one for of in PUBLISHED.values() for runs in of.values() for one in runs.values()]
    values = [value for one in figures for value in (one.accuracy, one.cam_cos, one.att_cos)]
    assert all(0 < value < 1 for value in values if value is not None)


def test_swept_settings_are_keys_of_train(checkout):
    from params import load

    known = flatten(load(checkout / "params.yaml").train.model_dump())
    assert set(SWEPT) <= set(known)
