"""AffectNet of 2017 to 2020: two tables, and pictures in numbered folders."""

import pytest

from errors import DataError
from pipeline.datasets.affectnet_csv import read_affectnet_csv
from pipeline.datasets.reader import LeftOut
from tests.basic7 import BASIC7
from tests.miniatures import (
    CSV_HEADER,
    affectnet_csv,
    affectnet_row,
    put,
)


def test_csv_box_landmarks_valence_and_arousal_are_kept(tmp_path):
    sample = next(read_affectnet_csv(affectnet_csv(tmp_path), {}, BASIC7))
    assert sample.path == "Manually_Annotated_Images/1/training0.jpg"
    assert sample.box == (10, 20, 200, 210)
    assert sample.landmarks == tuple(range(136))
    assert sample.attributes == {"valence": "0.25", "arousal": "0.5"}


def test_csv_tables_may_lie_beside_the_pictures(tmp_path):
    affectnet_csv(tmp_path)
    for table in ("training", "validation"):
        (tmp_path / f"Manually_Annotated_file_lists/{table}.csv").rename(tmp_path / f"{table}.csv")
    (tmp_path / "Manually_Annotated_file_lists").rmdir()
    assert len(list(read_affectnet_csv(tmp_path, {}, BASIC7))) == 22


def one_row(root, row):
    table = "Manually_Annotated_file_lists/training.csv"
    return put(root, table, text=f"{CSV_HEADER}\n{row}\n")


def test_csv_sentinels_are_no_values(tmp_path):
    one_row(tmp_path, affectnet_row("a", 0, valence="-2"))
    (sample,) = read_affectnet_csv(tmp_path, {}, BASIC7)
    assert sample.attributes["valence"] == ""


def test_csv_faces_may_lack_box_and_landmarks(tmp_path):
    one_row(tmp_path, "1/a.jpg,NULL,NULL,NULL,NULL,NULL,0,0,0")
    (sample,) = read_affectnet_csv(tmp_path, {}, BASIC7)
    assert (sample.box, sample.landmarks) == (None, None)


def test_csv_rows_that_are_left_out_may_hold_anything_else(tmp_path):
    one_row(tmp_path, "1/a.jpg,?,?,?,?,?,10,?,?")
    assert list(read_affectnet_csv(tmp_path, {}, BASIC7)) == [
        LeftOut("Manually_Annotated_Images/1/a.jpg", "no face", "train")
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (affectnet_row("a", 11), "class 11 is none of 0 to 10"),
        (affectnet_row("a", "happy"), "needs a whole number, got 'happy'"),
        (affectnet_row("a", 0, valence="1.7"), "valence 1.7 is not within -1 and 1"),
        (affectnet_row("../../../a", 0), "does not stay inside"),
        ("1/a.jpg,1,2,3,NULL,,0,0,0", "face box needs 4"),
        ("1/a.jpg,1,2,3,4,1;2,0,0,0", "facial_landmarks needs 136"),
        ("1/a.jpg,1,2", "3 fields, the header has 9"),
    ],
)
def test_csv_rows_that_cannot_be_accepted_are_named(tmp_path, row, message):
    one_row(tmp_path, row)
    with pytest.raises(DataError, match=rf"training\.csv, line 2.*{message}"):
        list(read_affectnet_csv(tmp_path, {}, BASIC7))
