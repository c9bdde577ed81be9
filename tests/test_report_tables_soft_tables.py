"""Scores against soft labels: one row per variant, between the limits of its faces."""

import numpy as np

from benchmarks.made_faces import drawn_faces
from benchmarks.made_results import put, some_scores, some_soft_scores
from report.reading.results import load_studies
from report.reading.statistics import study_statistics
from report.tables.soft_tables import soft_table
from report.tables.study_table import difference_table

SOFT = {**some_scores("demo", "cam", "soft")["train"], "targets": "soft"}


def found(results):
    return [study_statistics(one) for one in load_studies(results)]


def test_without_shares_there_is_no_table(tmp_path):
    put(tmp_path, "demo/cam/plain")
    assert soft_table(found(tmp_path)) is None


def test_a_run_stands_between_its_limits_with_its_targets_and_coverage(tmp_path):
    put(tmp_path, "demo/cam/plain", soft=some_soft_scores())
    put(tmp_path, "demo/cam/soft", soft=some_soft_scores(), train=SOFT)
    put(tmp_path, "mine/cam/plain")
    table = soft_table(found(tmp_path))
    assert [row[:4] for row in table.rows] == [
        ("demo", "cam", "plain", "–"),
        ("demo", "cam", "soft", "soft"),
    ]
    assert table.head[4:7] == ("run", "floor", "constant")
    assert table.rows[0][4:] == (
        *("0.875", "0.500", "1.500"),
        *("0.562", "0.750", "0.250"),
        *("0.750", "0.750", "3/4", "1", "12.5%"),
    )


def voted_faces(sure, seed):
    """Sixty faces of which four fifths of the people say the label, and so does the model."""
    labels = np.arange(60) % 7
    of_label, of_next = np.eye(7)[labels], np.eye(7)[(labels + 1) % 7]
    jitter = np.random.default_rng(seed).normal(0, 0.01, (60, 1))
    return drawn_faces(
        labels,
        1.0,
        0.6,
        seed,
        annotated_NV=(0.8 * of_label + 0.2 * of_next).astype(np.float32),
        probabilities_NV=((sure + jitter) * of_label + (1 - sure - jitter) * of_next).astype(
            np.float32
        ),
    )


def test_seeds_settle_a_difference_of_cross_entropy_and_it_may_exceed_one(tmp_path):
    for seed in range(3):
        for variant, sure in (("plain", 0.97), ("soft", 0.8)):
            faces = voted_faces(sure, seed)
            put(tmp_path, f"demo/cam/{variant}/seed{seed}", faces=faces)
    rows = {row[3]: row[4] for row in difference_table(found(tmp_path)).rows}
    assert rows["cross-entropy with the shares (lower is better)"].startswith("lower")
    wrong = voted_faces(0.001, 0)
    put(tmp_path / "wrong", "demo/cam/plain", faces=wrong)
    (study,) = found(tmp_path / "wrong")
    entropy = study.variants[0].scores["soft_cross_entropy"]
    assert entropy.mean > 1
    assert entropy.interval[1] > 1
