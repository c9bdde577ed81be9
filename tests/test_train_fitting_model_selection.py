import pytest

from errors import UsageError
from tests.networks import scratch
from train.fitting.model_selection import CRITERIA, ModelSelection, next_validation


@pytest.fixture
def params():
    """A function: changes -> [train]."""
    shipped = scratch().train
    return lambda **changes: shipped.model_copy(update=changes)


def rows(*values, metric="val/accuracy"):
    return [{metric: value} for value in values]


def validations(params, steps):
    """All steps after which a run is validated."""
    found, last = [], None
    while last != params.epochs * steps:
        last = next_validation(params, steps, last)
        found.append(last)
    return found


@pytest.mark.parametrize("name", CRITERIA)
def test_a_better_validation_is_the_best(name, params):
    selection, lower = ModelSelection(params(choose_by=name), True), CRITERIA[name].lower
    worse, better = ({selection.metric: value} for value in ((2.0, 1.0) if lower else (1.0, 2.0)))
    assert selection.is_best(better, [worse])
    assert not selection.is_best(worse, [better])
    assert selection.best([worse, better, worse]) is better


def test_on_a_tie_the_later_one_is_kept(params):
    selection, history = ModelSelection(params(), True), rows(0.5, 0.5)
    assert selection.is_best(history[1], history[:1])
    assert selection.best(history) is history[1]


def test_a_score_that_is_no_number_is_worse_than_any(params):
    selection = ModelSelection(params(choose_by="loss"), True)
    assert not selection.is_best({selection.metric: float("nan")}, [{selection.metric: 9.0}])


@pytest.mark.parametrize(
    ("values", "over"),
    [
        ((0.5, 0.4), False),
        ((0.5, 0.4, 0.4), True),
        ((0.5, 0.5, 0.5), True),
        ((0.1, 0.2, 0.3), False),
    ],
)
def test_a_run_stops_early_after_two_validations_without_a_better_score(values, over, params):
    assert ModelSelection(params(patience=2), True).is_exhausted(rows(*values)) is over


def test_without_patience_a_run_never_stops_early(params):
    assert not ModelSelection(params(patience=0), True).is_exhausted(rows(*[0.5] * 100))


def test_a_choice_that_needs_heatmaps_is_refused_without_them(params):
    with pytest.raises(UsageError, match=r"train\.choose_by: is att_cos, but .*align this run"):
        ModelSelection(params(choose_by="att_cos"), False)


def test_every_epoch_is_validated_at_its_end(params):
    assert validations(params(epochs=3), 10) == [10, 20, 30]


def test_every_second_epoch_and_the_last_are_validated(params):
    assert validations(params(epochs=5, validate_every=2), 10) == [20, 40, 50]


def test_a_fraction_of_an_epoch_is_counted_anew_in_each(params):
    found = validations(params(epochs=2, validate_every=0.34), 10)
    assert found == [3, 6, 9, 10, 13, 16, 19, 20]


def test_the_published_choice_looks_481_times(params):
    published = params(protocol="paper", epochs=20, validate_every=0.0437)
    found = validations(published, 1268)  # AffectNet's batches of 224
    assert len(found) == 481
    assert found[:3] == [0, 55, 110]
