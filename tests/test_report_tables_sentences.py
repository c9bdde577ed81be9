"""The words on top of the page."""

import pytest

from report.reading.results import load_comparisons
from report.tables.sentences import summarise, wilson_half_width
from tests.made_results import an_agreement, later_scores, put


@pytest.fixture
def results(tmp_path):
    return tmp_path / "results"


def told(results):
    return summarise(load_comparisons(results))


def test_the_change_is_named_beside_what_trivial_maps_score(results):
    put(results)
    put(results, "demo/cam/aligned", accuracy=1.0)
    summary = told(results)
    assert "accuracy from 0.750 to 1.000 (+0.250)" in summary.sentences[0]
    assert "uniform map scores 0.438: these are floors" in summary.sentences[1]
    assert "template made from these very faces" in summary.sentences[1]
    assert "lies between the uniform map and the template" in summary.sentences[1]
    assert summary.cautions == ()


def test_the_class_mean_is_never_called_a_floor(results):
    put(results)
    summary = told(results)
    assert [name for name, _ in summary.scales[0].floors] == ["uniform", "template"]
    assert "both floors" not in " ".join(summary.sentences)


@pytest.mark.parametrize(
    ("cosine", "place"),
    [
        (0.25, "no higher than the uniform map"),
        (0.4375, "no higher than the uniform map"),
        (0.5, "between the uniform map and the map of all AUs"),
        (0.75, "between the map of all AUs and the template"),
        (1.0, "above the template"),
    ],
)
def test_attention_is_placed_among_what_trivial_maps_score(results, cosine, place):
    put(results, **later_scores() | {"att_cos": {"1": an_agreement(cosine)}})
    assert f"run's attention lies {place}" in told(results).sentences[1]


def test_intervals_stand_in_for_the_rule_of_thumb_where_they_are_known(results):
    put(results)
    assert "with 4 faces, chance alone" in told(results).sentences[0]
    put(results, "demo/cam/aligned", **later_scores())
    assert "with 4 faces, chance alone" in told(results).sentences[0]
    put(results, "mine/cam/plain", dataset="mine", **later_scores())
    summary = summarise(load_comparisons(results)[1:])
    assert "(persons drawn anew) fall within: plain 0.500 to 1.000" in summary.sentences[0]


@pytest.mark.parametrize(
    ("learned", "words"),
    [
        ("Neutral", "0.500; Neutral, the most frequent in training, 0.250."),
        ("Happiness", "0.500."),
        (None, "0.500."),
    ],
)
def test_what_blind_answers_score_is_said(results, learned, words):
    chance = later_scores()["chance"]
    known = learned and {"expression": learned, "share": 0.75, "accuracy": 0.25}
    put(results, chance={**chance, "train_majority": known})
    sentence = told(results).sentences[0]
    assert f"Always answering Happiness would score {words} There is no other run" in sentence


def test_runs_that_differ_in_more_than_alignment_are_cautioned_about(results):
    put(results)
    put(results, "demo/cam/aligned", train={"lr": 0.01})
    assert "train.lr: 0.001 -> 0.01" in told(results).cautions


def test_a_checkpoint_chosen_on_the_test_split_is_said_so(results):
    put(results)
    assert "chosen on the test split" not in told(results).conditions
    put(results, "demo/cam/aligned", protocol="paper")
    assert "Protocol holdout or paper (the checkpoint was chosen on the test split" in (
        told(results).conditions
    )


def test_of_many_methods_it_is_said_in_how_many_a_score_rose(results):
    for method, plain, aligned in (("cam", 0.5, 0.75), ("prm", 0.5, 0.25), ("adl", 0.5, 1.0)):
        put(results, f"demo/{method}/plain", accuracy=plain)
        put(
            results,
            f"demo/{method}/aligned",
            accuracy=aligned,
            att_cos={"1": an_agreement(0.875)},
        )
    sentences = told(results).sentences
    assert sentences[0].startswith(
        "3 methods. Accuracy reaches from 0.250 (prm aligned) to 1.000 (adl aligned). "
        "With alignment accuracy rose in 2 of 3 methods, by +0.250 in the median "
        "(−0.250 to +0.500)."
    )
    assert "ATT-COS rose in 3 of 3 methods, by +0.250 in the median" in sentences[1]
    assert "3 between the uniform map and the template" in sentences[1]


def test_many_methods_without_a_pair_are_not_compared(results):
    for method in ("cam", "prm"):
        put(results, f"demo/{method}/plain")
    assert "No method has both" in told(results).sentences[0]


def test_the_accuracy_interval_is_wilsons():
    # 1.96 / (1 + 3.84 / 4) * sqrt(0.25 / 4 + 3.84 / 64)
    assert wilson_half_width(0.5, 4) == pytest.approx(0.3499, abs=1e-4)
