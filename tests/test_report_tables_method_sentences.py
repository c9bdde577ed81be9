"""Sentences about one method."""

import pytest

from benchmarks.made_results import an_agreement, an_average, optional_scores, put, some_scores
from report.reading.results import load_comparisons
from report.tables.method_sentences import method_sentences


def sentences_of(results):
    return method_sentences(load_comparisons(results)[0].runs)


def test_the_change_stands_beside_the_baselines(tmp_path):
    put(tmp_path)
    put(tmp_path, "demo/cam/aligned", accuracy=1.0)
    accuracy, agreement, _ = sentences_of(tmp_path)
    assert "With alignment, accuracy changed from 0.750 to 1.000 (+0.250)." in accuracy
    assert (
        "Baselines on the same faces: a uniform map scores 0.438, one map of all AUs for"
        in agreement
    )
    assert "of the aligned run is between 'uniform' and 'all AUs'" in agreement


@pytest.mark.parametrize(
    ("cosine", "rank"),
    [
        (0.25, "no higher than 'uniform'"),
        (0.4375, "no higher than 'uniform'"),
        (0.5, "between 'uniform' and 'all AUs'"),
        (0.75, "between 'all AUs' and 'class mean'"),
        (1.0, "above 'class mean'"),
    ],
)
def test_attention_is_placed_among_the_baselines(tmp_path, cosine, rank):
    put(tmp_path, **optional_scores() | {"att_cos": {"1": an_agreement(cosine)}})
    assert f"The attention of the plain run is {rank}; its CAM" in sentences_of(tmp_path)[1]


def test_intervals_replace_the_sampling_error_where_all_runs_have_them(tmp_path):
    put(tmp_path)
    put(tmp_path, "demo/cam/aligned", **optional_scores())
    assert "With 4 faces, the sampling error of an accuracy" in sentences_of(tmp_path)[0]
    put(tmp_path / "other", **optional_scores())
    assert (
        "95 % intervals, by resampling persons: plain 0.500 to 1.000."
        in (sentences_of(tmp_path / "other")[0])
    )


@pytest.mark.parametrize(
    ("in_training", "text"),
    [
        ("Neutral", "0.500; always answering Neutral, the most frequent expression in training,"),
        ("Happiness", "0.500. There is no other run"),
        (None, "0.500. There is no other run"),
    ],
)
def test_constant_answers_are_named_with_their_accuracy(tmp_path, in_training, text):
    chance = some_scores("demo", "cam", "plain")["chance_level"]
    known = in_training and {"expression": in_training, "share": 0.75, "accuracy": 0.25}
    put(tmp_path, chance_level={**chance, "train_majority": known})
    assert f"Always answering Happiness would score {text}" in sentences_of(tmp_path)[0]


def test_what_no_face_defines_is_called_undefined(tmp_path):
    nothing = an_average(None) | {"centred": an_average(None), "selectivity": an_average(None)}
    put(tmp_path, att_cos={"1": nothing})
    _, agreement, selectivity = sentences_of(tmp_path)
    assert agreement.startswith("ATT-COS at the deepest layer (1) is undefined; CAM-COS is 0.500.")
    assert selectivity.startswith("Selectivity of the attention is undefined; that of the CAM is")
