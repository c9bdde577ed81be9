"""Single values out of scores.json."""

from benchmarks.made_results import an_agreement, some_scores
from report.tables.scores import baseline_score, majority, overall, train_majority

SCORES = some_scores("demo", "cam", "plain")


def test_every_measure_of_an_agreement_has_its_mean():
    measures = ("cosine", "centred", "selectivity")
    assert [overall(an_agreement(0.5), one) for one in measures] == [0.5, 0.25, -0.0625]


def test_a_baseline_has_its_mean():
    assert baseline_score(SCORES, "all_aus") == 0.6875
    assert baseline_score(SCORES, "uniform") == 0.4375


def test_the_majority_in_training_may_be_unknown():
    assert (majority(SCORES), train_majority(SCORES)) == (("Happiness", 0.5), ("Neutral", 0.25))
    unknown = SCORES["chance_level"] | {"train_majority": None}
    assert train_majority(SCORES | {"chance_level": unknown}) is None
