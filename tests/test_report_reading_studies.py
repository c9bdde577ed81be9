"""Variants of one method: which stands for them, and why they may not be comparable."""

from benchmarks.made_results import put
from report.reading.results import load_studies


def cautions_of(results):
    return load_studies(results)[0].cautions


def test_a_fair_comparison_has_no_cautions(tmp_path):
    put(tmp_path)
    put(tmp_path, "demo/cam/aligned", accuracy=1.0)
    assert cautions_of(tmp_path) == []


def test_variants_that_are_scored_otherwise_are_cautioned_about(tmp_path):
    put(tmp_path)
    put(tmp_path, "demo/cam/aligned", split="val")
    assert cautions_of(tmp_path) == ['aligned: split: "test" -> "val"']


def test_a_seed_that_one_variant_lacks_is_named(tmp_path):
    for place in ("plain/seed0", "plain/seed1", "aligned/seed0"):
        put(tmp_path, f"demo/cam/{place}")
    assert cautions_of(tmp_path) == ["aligned: has no seed1, which another variant has"]


def test_a_fold_that_one_seed_lacks_is_named(tmp_path):
    for place in ("seed0-fold0", "seed0-fold1", "seed1-fold1"):
        put(tmp_path, f"demo/cam/plain/{place}")
    assert cautions_of(tmp_path) == ["plain (folds) seed1: has no fold0"]
