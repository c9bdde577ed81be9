"""Figures of papers: read from data files, and consistent with each other."""

import pytest

from report.reading.published_figures import cited, publications, published_rows
from tests.basic7 import EXPRESSIONS
from train.methods import METHODS


def row(method, variant, train, test):
    (found,) = [
        one
        for one in published_rows(method)
        if (one.variant, one.train, one.test) == (variant, train, test)
    ]
    return found


def test_every_paper_names_its_source_and_its_setting():
    assert len(publications()) == 3
    assert all(one.source and one.setting and one.rows for one in publications())


def test_a_published_run_has_the_figures_of_its_paper():
    found = row("cam", "aligned", "RAF-DB", "RAF-DB")
    assert (found.accuracy, found.cam_cos, found.att_cos) == (0.8895, 0.70, 0.85)
    assert (found.printed("accuracy"), found.printed("cam_cos")) == ("0.8895", "0.70")
    assert found.printed("macro_f1") == "–"


@pytest.mark.parametrize("method", ["scn", "rul", "eac", "cafe", "ofer"])
def test_five_datasets_are_scored_from_raf_db(method):
    rows = [one for one in published_rows(method) if one.train == "RAF-DB"]
    plain = [one.test for one in rows if one.variant == "plain"]
    assert {*plain} >= {"RAF-DB", "FERPlus", "AffectNet", "SFEW", "MMA"}


@pytest.mark.parametrize("method", ["scn", "rul", "eac", "cafe", "ofer"])
def test_the_published_mean_of_recalls_is_their_mean(method):
    found = row(method, "plain", "RAF-DB", "FERPlus")
    assert {*found.recall} == {*EXPRESSIONS}
    assert sum(found.recall.values()) / 7 == pytest.approx(found.balanced_accuracy, abs=2e-4)


def test_papers_are_cited_for_methods_that_they_have_a_row_of():
    assert [one.source.split(" ")[0] for one in cited({"cam"})] == ["Belharbi"]
    assert cited({"nothing"}) == []


def test_methods_are_called_as_here():
    elsewhere = {"dacl", "dan"}
    assert {one.method for paper in publications() for one in paper.rows} - elsewhere <= {*METHODS}
