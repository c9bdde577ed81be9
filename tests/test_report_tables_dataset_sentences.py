"""Sentences about several methods on one dataset."""

from benchmarks.made_faces import drawn_faces
from benchmarks.made_results import put
from report.reading.results import load_studies
from report.reading.statistics import study_statistics
from report.tables.dataset_sentences import dataset_sentences
from report.tables.study_sentences import ONE_SEED

LABELS = [number for number in range(7) for _ in range(12)]


def sentences_of(results):
    return dataset_sentences([study_statistics(one) for one in load_studies(results)])


def put_method(results, method, cosine):
    for variant, right in (("plain", 0.6), ("aligned", cosine)):
        for seed in range(3):
            faces = drawn_faces(LABELS, 0.7, right, seed)
            put(results, f"demo/{method}/{variant}/seed{seed}", faces=faces)


def test_ranges_name_the_best_and_the_worst_row(tmp_path):
    for method, accuracy in (("cam", 0.5), ("prm", 0.25), ("adl", 1.0)):
        put(tmp_path, f"demo/{method}/plain", accuracy=accuracy)
    words = sentences_of(tmp_path)[0]
    assert words.startswith(
        "3 methods, 3 rows of method and variant, one seed each. Mean accuracy ranges from 0.250 "
        "(prm plain) to 1.000 (adl plain). Mean balanced accuracy ranges from 0.500 "
    )
    assert words.endswith("Never answered, in at least one seed: Sadness by 3 of 3 rows.")


def test_verdicts_are_counted_over_methods(tmp_path):
    for method, cosine in (("cam", 0.8), ("prm", 0.4), ("adl", 0.6)):
        put_method(tmp_path, method, cosine)
    words = sentences_of(tmp_path)[1]
    assert words.startswith("aligned against plain: accuracy the same in 3 of 3 methods (median")
    assert "ATT-COS higher in 1, lower in 1, the same in 1 of 3 methods" in words
    assert "A 95 % interval misses in one of 20 cases: of these 15, about 1 would" in words


def test_one_seed_each_claims_no_difference(tmp_path):
    for method in ("cam", "prm"):
        for variant in ("plain", "aligned"):
            put(tmp_path, f"demo/{method}/{variant}")
    assert sentences_of(tmp_path)[1] == ONE_SEED


def test_attention_is_counted_among_all_baselines(tmp_path):
    for method in ("cam", "prm"):
        put(tmp_path, f"demo/{method}/plain")
    assert sentences_of(tmp_path)[-1].startswith(
        "ATT-COS of plain, of 2 methods: 2 between 'uniform' and 'all AUs'. Baselines, maps"
    )
