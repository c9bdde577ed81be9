"""What lies in a dataset's folder and is not read."""

import pytest

from errors import DataError
from pipeline.datasets.reader import LeftOut
from pipeline.datasets.walking import Contents
from pipeline.indexing.unread import refuse_unlabelled, strays, unread_findings, unread_lines

CONTENTS = Contents(
    ("a.jpg", "b\x1b.jpg", "c.jpg"),
    (
        *(LeftOut(f"{n}.heic", "HEIC, convert it to JPEG or PNG") for n in range(12)),
        *(LeftOut("film.mp4", "no picture, .mp4"), LeftOut("._a.jpg", "litter ._*")),
    ),
    ("anger",),
    ("c.jpg",),
)


def test_pictures_that_no_sample_names_are_strays():
    assert strays(CONTENTS, frozenset({"a.jpg"})) == ["b\\x1b.jpg", "c.jpg"]


def test_every_kind_is_counted_and_said():
    found = unread_findings(CONTENTS, ["c.jpg"])
    assert found["not_read"]["kinds"] == {
        "HEIC, convert it to JPEG or PNG": 12,
        "no picture, .mp4": 1,
    }
    assert len(found["not_read"]["first"]) == 10
    lines = unread_lines(found)
    assert lines == [
        "files that no label names: 1, such as 'c.jpg'",
        "files that are not read: 13, such as '0.heic' "
        "(12 HEIC, convert it to JPEG or PNG; 1 no picture, .mp4)",
        "litter of other programs, not read: 1, such as '._a.jpg' (1 ._*)",
        "links that lead nowhere: 1, such as 'c.jpg'; `dvc repro` stops at them ([Errno 2]): "
        "remove or mend them",
        "folders that cannot be listed: 1, such as 'anger'; change their rights: chmod u+rx",
    ]


def test_nothing_unread_is_no_line():
    assert unread_lines(unread_findings(Contents((), (), (), ()), [])) == []


def test_too_many_pictures_without_a_row_are_refused_with_the_key(tmp_path):
    with pytest.raises(DataError, match=r"2 of its 4 pictures.*'x\.jpg'.*max_unlabelled = 0\.1"):
        refuse_unlabelled(tmp_path, ["x.jpg", "y.jpg"], 2, 0.1, "index.mine.max_unlabelled")
    refuse_unlabelled(tmp_path, ["x.jpg", "y.jpg"], 2, 0.5, "index.mine.max_unlabelled")
