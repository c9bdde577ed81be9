"""Action units in a field of a table."""

import pytest

from errors import DataError
from pipeline.datasets.au_cells import parse_units, with_absent_units
from pipeline.datasets.reader import LeftOut
from store.records import Sample


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1;2;5:0.6;26", {1: 1, 2: 1, 5: 0.6, 26: 1}),
        ("AU01, au12:0.25", {1: 1, 12: 0.25}),
        ("1+2+12C+25:e", {1: 1, 2: 1, 12: 0.6, 25: 1}),
        ("4: 0.5", {4: 0.5}),
        ("0", {}),
        ("AU6:0", {6: 0}),
    ],
)
def test_units_and_intensities_are_read(text, expected):
    assert parse_units(text, "here") == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "  ", "NA", "?"])
def test_a_field_without_units_was_not_coded(text):
    assert parse_units(text, "here") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3", "AU3 is no number of FACS"),
        ("12;99:0.4", "AU99 is no number of FACS"),
        ("12:6", "AU12 has intensity 6, which must be from 0 to 1.*divide numbers from 0 to 5"),
        ("12:-1", "from 0 to 1"),
        ("12:1:2", "'12:1:2' is no action unit"),
        ("L12", "'L12' is no action unit"),
        ("smile", "'smile' is no action unit"),
        ("1;2;AU1", "names AU1 twice"),
        ("12:1e9", "from 0 to 1"),
    ],
)
def test_what_is_no_coding_is_refused_with_what_to_write(text, words):
    with pytest.raises(DataError, match=words) as caught:
        parse_units(text, "labels.csv, line 3")
    assert caught.value.where == "labels.csv, line 3"


def test_a_coded_face_lacks_what_only_others_show():
    listed = [
        Sample("a", "a", 1, aus={12: 0.5}),
        Sample("b", "b", 1, aus={}),
        Sample("c", "c", 1),
        LeftOut("d", "contempt"),
        Sample("e", "e", 1, aus={4: 1}),
    ]
    found = [getattr(one, "aus", None) for one in with_absent_units(listed)]
    assert found == [{4: 0, 12: 0.5}, {4: 0, 12: 0}, None, None, {4: 1, 12: 0}]
