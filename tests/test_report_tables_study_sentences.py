"""Sentences about one method on one dataset."""

from benchmarks.made_faces import drawn_faces
from benchmarks.made_results import optional_scores, put
from report.reading.results import load_studies
from report.reading.statistics import study_statistics
from report.tables.study_sentences import ONE_SEED, study_sentences

LABELS = [number for number in range(7) for _ in range(12)]


def sentences_of(results):
    return study_sentences(study_statistics(load_studies(results)[0]))


def test_accuracy_stands_beside_balanced_accuracy_and_what_is_never_answered(tmp_path):
    put(tmp_path)
    assert sentences_of(tmp_path)[0] == (
        "plain: accuracy 0.750, balanced accuracy 0.500 (one seed). "
        "Always answering Happiness would score 0.500, and a balanced accuracy of 0.333; always "
        "answering Neutral, the most frequent expression in training, 0.250. "
        "plain never answers Sadness."
    )


def test_one_seed_claims_no_difference(tmp_path):
    put(tmp_path)
    put(tmp_path, "demo/cam/aligned", accuracy=1.0)
    assert sentences_of(tmp_path)[1] == ONE_SEED
    assert not any("higher" in words for words in sentences_of(tmp_path))


def test_a_variant_without_a_common_seed_makes_no_claim(tmp_path):
    for place in ("plain/seed0", "plain/seed1", "aligned/seed2"):
        put(tmp_path, f"demo/cam/{place}")
    assert sentences_of(tmp_path)[1] == "aligned against plain: no seed in common, no claim."


def test_differences_are_claimed_with_interval_and_wins(tmp_path):
    for variant, cosine in (("plain", 0.6), ("aligned", 0.8)):
        for seed in range(3):
            faces = drawn_faces(LABELS, 0.7, cosine, seed)
            put(tmp_path, f"demo/cam/{variant}/seed{seed}", faces=faces)
    words = sentences_of(tmp_path)[1]
    assert words.startswith("aligned against plain, 3 pairs of seeds, 95 % intervals in brackets: ")
    assert "accuracy +0.000 [+0.000 to +0.000], higher in 0 of 3: the same" in words
    assert "ATT-COS +0.200 [" in words
    assert "], higher in 3 of 3: higher" in words


def test_attention_is_placed_among_all_baselines(tmp_path):
    put(tmp_path)
    assert sentences_of(tmp_path)[1] == (
        "The attention of plain (ATT-COS 0.625) is between 'uniform' and 'all AUs'; its CAM "
        "(0.500) is between 'uniform' and 'all AUs'. Baselines, maps that need no classifier, on "
        "the same faces: uniform 0.438, all AUs 0.688, class mean 0.938."
    )


def test_a_selectivity_says_whether_it_can_be_told_from_zero(tmp_path):
    put(tmp_path, faces=drawn_faces(LABELS, 0.7, 0.02, 0))
    assert "cannot be told from 0" in sentences_of(tmp_path)[-1]
    put(tmp_path / "b", faces=drawn_faces(LABELS, 0.7, 0.8, 0))
    assert ": not 0)" in sentences_of(tmp_path / "b")[-1]


def test_without_intervals_a_selectivity_stands_alone(tmp_path):
    put(tmp_path, **(optional_scores() | {"intervals": None}))
    assert "plain −0.062. A map" in sentences_of(tmp_path)[-1]
