"""FER+: its votes, its layouts, and pictures that are numbers in a table."""

from typing import get_args

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anatomy.expressions import EXPRESSIONS
from errors import DataError, NoInputError, OutputExistsError, UsageError
from pipeline.datasets.ferplus import CLASSES, VOTING, FERPlusOptions, read_ferplus
from pipeline.datasets.reader import LeftOut
from pipeline.unpack import unpack
from store.records import Sample
from tests.miniatures import fer_pixels, fer_votes, ferplus, ferplus_labels, put
from validation import checked

LAYOUTS = {"one table": ferplus, "a table a folder": ferplus_labels}


def quiet(done, total, note):
    pass


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
    found = list(read_ferplus(LAYOUTS[layout](tmp_path), {}))
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
    found = list(read_ferplus(ferplus(tmp_path), {}))
    assert found[2] == LeftOut("fer2013new.csv, line 4", "no picture", "train")


def test_votes_and_target_are_kept(tmp_path):
    found = list(read_ferplus(ferplus(tmp_path), {"voting": "probability"}))
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
    found = read_ferplus(ferplus(tmp_path), {"voting": mode})
    assert {one.reason for one in found if isinstance(one, LeftOut)} == reasons


def test_another_mode_is_refused():
    with pytest.raises(UsageError, match=r"options\.voting: .*'majority'"):
        checked(FERPlusOptions, {"voting": "majorty"}, "options")


def test_every_mode_is_legal():
    assert get_args(FERPlusOptions.model_fields["voting"].annotation) == tuple(VOTING)


def test_pictures_that_are_still_numbers_are_told_how_to_unpack(tmp_path):
    fer_votes(fer_pixels(tmp_path))
    with pytest.raises(NoInputError, match=r"python cli\.py unpack \S+ \S+_pictures"):
        list(read_ferplus(tmp_path, {}))


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
        list(read_ferplus(tmp_path, {}))


def test_a_label_file_of_another_width_is_named(tmp_path):
    ferplus_labels(tmp_path)
    put(tmp_path, "FER2013Train/label.csv", text="a.png,1,2\n")
    with pytest.raises(DataError, match=r"label\.csv, line 1: needs a name, a box and ten votes"):
        list(read_ferplus(tmp_path, {}))


def test_unpacked_pictures_are_read(tmp_path):
    raw, out = fer_votes(fer_pixels(tmp_path / "raw")), tmp_path / "out"
    assert unpack(raw, out, quiet)
    assert not unpack(raw, out, quiet)
    assert list(read_ferplus(out, {})) == list(read_ferplus(ferplus(tmp_path / "mini"), {}))
    grey = cv2.imread(str(out / "FER2013Test/fer0000004.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(grey, np.full((48, 48), 4))
    assert not (out / "FER2013Train/fer0000002.png").exists()


def test_other_tables_do_not_overwrite(tmp_path):
    raw, out = fer_votes(fer_pixels(tmp_path / "raw")), tmp_path / "out"
    unpack(raw, out, quiet)
    table = raw / "fer2013new.csv"
    table.write_text(table.read_text().replace("8,1,0", "9,0,0"))
    with pytest.raises(OutputExistsError, match=r"fer2013new\.csv"):
        unpack(raw, out, quiet)
    assert unpack(raw, out, quiet, rebuild=True)


@pytest.mark.parametrize("missing", ["fer2013.csv", "fer2013new.csv"])
def test_a_table_that_is_not_there_is_named(tmp_path, missing):
    fer_votes(fer_pixels(tmp_path))
    (tmp_path / missing).unlink()
    with pytest.raises(NoInputError, match=missing):
        unpack(tmp_path, tmp_path / "out", quiet)


@pytest.mark.parametrize("table", ["fer2013.csv", "fer2013new.csv"])
def test_tables_of_another_length_do_not_belong_together(tmp_path, table):
    fer_votes(fer_pixels(tmp_path))
    file = tmp_path / table
    file.write_text(file.read_text().rpartition("PrivateTest")[0].rpartition("\n")[0] + "\n")
    with pytest.raises(DataError, match=r"not as many rows.*Fetch both again"):
        unpack(tmp_path, tmp_path / "out", quiet)


def test_rows_of_another_split_do_not_belong_together(tmp_path):
    fer_votes(fer_pixels(tmp_path))
    table = tmp_path / "fer2013new.csv"
    table.write_text(table.read_text().replace("Training,fer0000001", "PublicTest,fer0000001"))
    with pytest.raises(DataError, match=r"new\.csv, line 3: is PublicTest.*line 3 is not"):
        unpack(tmp_path, tmp_path / "out", quiet)


@pytest.mark.parametrize("name", ["../a.png", "/a.png", "sub/fer0000001.png", "fer1.png"])
def test_a_picture_cannot_be_unpacked_elsewhere(tmp_path, name):
    fer_votes(fer_pixels(tmp_path))
    table = tmp_path / "fer2013new.csv"
    table.write_text(table.read_text().replace("fer0000001.png", name))
    with pytest.raises(DataError, match="is not named as"):
        unpack(tmp_path, tmp_path / "out", quiet)


@pytest.mark.parametrize("pixels", ["", "1 2 3", "256 " * 2304, "x " * 2304, "-1 " * 2304])
def test_a_picture_of_other_numbers_is_named(tmp_path, pixels):
    fer_votes(tmp_path)
    put(tmp_path, "fer2013.csv", text=f"emotion,pixels,Usage\n0,{pixels},Training\n")
    with pytest.raises(DataError, match=r"fer2013\.csv, line 2: needs 48 x 48"):
        unpack(tmp_path, tmp_path / "out", quiet)
