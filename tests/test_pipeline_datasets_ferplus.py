"""FER+: its votes, its layouts, and pictures that are numbers in a table."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import DataError, NoInputError, UsageError
from labels.reading import read_labels
from pipeline.datasets.ferplus import CLASSES, VOTING, FERPlusOptions, read_ferplus
from pipeline.datasets.reader import LeftOut
from store.records import Sample
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import VOTES_HEADER, fer_pixels, fer_votes, ferplus, ferplus_labels, put
from validation import checked

LAYOUTS = {"one table": ferplus, "a table a folder": ferplus_labels}


def weighed(mode, *votes):
    """Return class -> weight of those that have one."""
    padded = [*votes, *[0] * (10 - len(votes))]
    weights = VOTING[mode](padded)
    return {CLASSES[place]: weight for place, weight in enumerate(weights) if weight}


@pytest.mark.parametrize(
    ("votes", "weights"),
    [
        ((6, 4), {"neutral": 6}),
        ((5, 5), {}),
        ((4, 3, 3), {}),
        ((4, 1, 1, 1, 1, 1, 1), {"neutral": 4}),
        ((1,) * 10, {}),
        ((0, 0, 0, 0, 0, 0, 0, 0, 6, 4), {"unknown": 6}),
        ((0, 4, 0, 0, 0, 0, 0, 0, 0, 6), {"nf": 6}),
    ],
)
def test_majority_needs_more_than_half_of_what_is_no_slip(votes, weights):
    assert weighed("majority", *votes) == weights


@pytest.mark.parametrize(
    ("votes", "weights"),
    [
        ((10,), {"neutral": 10}),
        ((7, 3), {"neutral": 7, "happiness": 3}),
        ((8, 2), {"neutral": 8}),
        ((5, 3, 2), {"neutral": 5, "happiness": 3}),
        ((4, 2, 2, 2), {}),
        ((4, 4, 2), {"neutral": 4, "happiness": 4}),
        ((0, 3, 0, 0, 0, 0, 0, 0, 7), {"unknown": 7}),
        ((6, 0, 0, 0, 0, 0, 0, 0, 4), {"neutral": 6}),
        ((5, 0, 0, 0, 0, 0, 0, 0, 5), {}),
        ((0, 0, 0, 0, 0, 0, 0, 0, 5, 5), {}),
        ((1,) * 10, {}),
    ],
)
def test_probability_takes_the_likeliest_up_to_three_quarters(votes, weights):
    assert weighed("probability", *votes) == weights
    assert weighed("crossentropy", *votes) == weights


@pytest.mark.parametrize(
    ("votes", "weights"),
    [
        ((5, 5), {"neutral": 5, "happiness": 5}),
        ((4, 3, 3), {"neutral": 4, "happiness": 3, "surprise": 3}),
        ((8, 2), {"neutral": 8}),
        ((2, 2, 2, 2, 2), {}),
        ((3, 2, 2, 2), {}),
        ((1,) * 10, {}),
    ],
)
def test_multi_target_takes_all_with_three_tenths(votes, weights):
    assert weighed("multi_target", *votes) == weights


def test_argmax8_looks_at_nothing_but_the_eight():
    assert weighed("argmax8", 1, 0, 0, 0, 0, 0, 0, 0, 9) == {"neutral": 1}
    assert weighed("argmax8", 0, 0, 0, 0, 0, 0, 0, 0, 9) == {}


@pytest.mark.parametrize("mode", VOTING)
@given(votes=st.lists(st.integers(0, 10), min_size=10, max_size=10))
def test_weights_are_votes_or_nothing(mode, votes):
    weights = VOTING[mode](votes)
    assert len(weights) == 10
    assert all(weight in (0, vote) for weight, vote in zip(weights, votes, strict=True))


@pytest.mark.parametrize("mode", sorted(VOTING.keys() - {"argmax8"}))
@given(votes=st.lists(st.integers(0, 10), min_size=10, max_size=10))
def test_what_has_a_weight_has_more_than_half_of_the_votes_that_count(mode, votes):
    weights = VOTING[mode](votes)
    counted = sum(vote for vote in votes if vote > 1)
    assert not any(weights) or sum(weights) > counted / 2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_both_layouts_give_the_same(tmp_path, layout):
    found = list(read_ferplus(LAYOUTS[layout](tmp_path), {}, BASIC7))
    told = {one.path: getattr(one, "reason", None) for one in found if "line" not in one.path}
    assert told == {
        "FER2013Train/fer0000000.png": None,
        "FER2013Train/fer0000001.png": "contempt",
        "FER2013Valid/fer0000003.png": None,
        "FER2013Test/fer0000004.png": None,
        "FER2013Test/fer0000005.png": "no agreement",
    }
    assert [EXPRESSIONS[one.expression] for one in found if isinstance(one, Sample)] == [
        "Neutral",
        "Sadness",
        "Fear",
    ]
    assert [one.split for one in found if isinstance(one, Sample)] == ["train", "val", "test"]


def test_a_row_without_a_picture_is_counted(tmp_path):
    found = list(read_ferplus(ferplus(tmp_path), {}, BASIC7))
    assert found[2] == LeftOut("fer2013new.csv, line 4", "no picture", "train")


def test_votes_and_target_are_kept(tmp_path):
    found = list(read_ferplus(ferplus(tmp_path), {"voting": "probability"}, BASIC7))
    assert found[3].attributes == {
        "votes": "4 0 0 5 0 1 0 0 0 0",
        "target": "0.4444 0 0 0.5556 0 0 0 0",
    }


@pytest.mark.parametrize(
    ("mode", "reasons"),
    [
        ("majority", {"contempt", "no picture", "no agreement"}),
        ("probability", {"contempt", "no picture", "no agreement"}),
        ("multi_target", {"contempt", "no picture"}),
        ("argmax8", {"contempt", "no picture"}),
    ],
)
def test_the_mode_decides_what_is_left_out(tmp_path, mode, reasons):
    found = read_ferplus(ferplus(tmp_path), {"voting": mode}, BASIC7)
    assert {one.reason for one in found if isinstance(one, LeftOut)} == reasons


def test_another_mode_is_refused():
    with pytest.raises(UsageError, match=r"options\.voting: .*'majority'"):
        checked(FERPlusOptions, {"voting": "majorty"}, "options")


def test_every_mode_is_legal():
    assert get_args(FERPlusOptions.model_fields["voting"].annotation) == tuple(VOTING)


def test_pictures_that_are_still_numbers_are_told_how_to_unpack(tmp_path):
    fer_votes(fer_pixels(tmp_path))
    with pytest.raises(NoInputError, match=r"python cli\.py unpack \S+ \S+_pictures"):
        list(read_ferplus(tmp_path, {}, BASIC7))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Training,../x.png,9,0,0,0,0,0,0,0,0,0", "does not stay inside"),
        ("Training,a.png,9,0,0,0,0,0,0,0,0", "11 fields"),
        ("Training,a.png,9,0,0,0,0,0,0,0,0,x", "needs a whole number, got 'x'"),
        ("Training,a.png,9,0,0,0,0,0,0,0,0,-1", "needs a whole number"),
        ("Public,a.png,9,0,0,0,0,0,0,0,0,0", "Usage 'Public' is none of Training"),
    ],
)
def test_a_row_that_cannot_be_accepted_is_named(tmp_path, line, message):
    table = ferplus(tmp_path) / "fer2013new.csv"
    table.write_text(table.read_text() + line + "\n")
    with pytest.raises(DataError, match=rf"fer2013new\.csv, line 8.*{message}"):
        list(read_ferplus(tmp_path, {}, BASIC7))


def test_a_label_file_of_another_width_is_named(tmp_path):
    ferplus_labels(tmp_path)
    put(tmp_path, "FER2013Train/label.csv", text="a.png,1,2\n")
    with pytest.raises(DataError, match=r"label\.csv, line 1: needs a name, a box and ten votes"):
        list(read_ferplus(tmp_path, {}, BASIC7))


def test_shares_are_of_all_votes_for_classes_whatever_makes_the_label(tmp_path):
    taken = {
        mode: {
            one.path: one.shares
            for one in read_ferplus(ferplus(tmp_path), {"voting": mode}, BASIC7)
            if isinstance(one, Sample)
        }
        for mode in ("majority", "argmax8")
    }
    first, last = "FER2013Train/fer0000000.png", "FER2013Test/fer0000004.png"
    for shares in taken.values():
        assert shares[first].of_K[EXPRESSIONS.index("Happiness")] == pytest.approx(1 / 9)
        assert (shares[first].votes, shares[first].outside) == (9, 1)
        assert shares[last].of_K[EXPRESSIONS.index("Fear")] == 0.7


def test_votes_for_contempt_count_only_where_the_label_set_has_it(tmp_path):
    put(tmp_path, "FER2013Train/a.png")
    (tmp_path / "fer2013new.csv").write_text(
        f"{VOTES_HEADER}\nTraining,a.png,6,0,0,0,0,0,0,4,0,0\n"
    )
    (seven,) = read_ferplus(tmp_path, {}, BASIC7)
    (eight,) = read_ferplus(tmp_path, {}, read_labels("basic8"))
    assert (seven.shares.of_K[0], seven.shares.outside) == (1, 4)
    assert (eight.shares.of_K[0], eight.shares.of_K[7], eight.shares.outside) == (0.6, 0.4, 0)
