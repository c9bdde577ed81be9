"""Single values out of scores.json."""

from report.tables.scores import baseline_score, majority, overall, train_majority
from tests.made_results import an_agreement, later_scores, some_scores

SCORES = some_scores("demo", "cam", "plain")


def test_every_measure_of_an_agreement_has_its_mean():
    measures = ("cosine", "centred", "selectivity")
    assert [overall(an_agreement(0.5), one) for one in measures] == [0.5, 0.25, -0.0625]


def test_a_baseline_that_was_not_measured_is_none():
    assert baseline_score(SCORES, "generic_au") is None
    assert baseline_score(SCORES, "uniform") == 0.4375


def test_constant_answers_are_known_only_where_they_were_scored():
    assert majority(SCORES) is None
    scores = SCORES | later_scores()
    assert (majority(scores), train_majority(scores)) == (("Happiness", 0.5), ("Neutral", 0.25))
