"""Tables of action units in the layouts of the programs that write them."""

import pytest

from errors import DataError
from pipeline.indexing.au_programs import PROGRAMS, program_table

POINTS = [f"{axis}_{point}" for axis in "xy" for point in range(68)]


def rows_of(tmp_path, header, *rows, least=0.8):
    file = tmp_path / "clip.csv"
    file.write_text("\n".join([",".join(header), *rows]) + "\n")
    words = [word.strip() for word in header]
    return list(program_table(file, "clip", words, least))


def test_openface_has_spaces_landmarks_of_two_sorts_and_presence_beside_intensity(tmp_path):
    header = ["frame", " face_id", " confidence", " success", *[f" {one}" for one in POINTS]]
    header += [" X_0", " AU01_r", " AU12_r", " AU01_c", " AU12_c", " AU28_c"]
    points = [*map(str, range(100, 168)), *map(str, range(200, 268))]
    (row,) = rows_of(
        tmp_path,
        header,
        ",".join(["7", "2", "0.98", "1", *points, "-40", *["1.5", "5", "1", "0", "1"]]),
    )
    assert (row.name, row.frame, row.face, row.unusable) == ("clip", 7, "2", "")
    assert row.aus == pytest.approx({1: 0.3, 12: 0, 28: 1})
    assert row.box == (100, 200, 67, 67)


def test_rows_that_openface_does_not_trust_are_unusable(tmp_path):
    header = ["frame", " confidence", " success", " AU01_r"]
    found = rows_of(tmp_path, header, "1, 0.9, 1, 1", "2, 0.79, 1, 1", "3, 0.9, 0, 1", "4, 1, 1, ")
    assert [row.unusable for row in found] == [
        "",
        "below confidence 0.8",
        "not tracked (success 0)",
        "empty",
    ]


def test_py_feat_names_the_picture_and_boxes_the_face(tmp_path):
    header = "frame,FaceRectX,FaceRectY,FaceRectWidth,FaceRectHeight,FaceScore,AU01,AU43,input"
    good, lost = rows_of(
        tmp_path,
        header.split(","),
        "0,10,20,30,40,0.99,0.25,0.5,/data/pictures/a.jpg",
        "1,nan,nan,nan,nan,nan,nan,nan,/data/pictures/b.jpg",
    )
    assert (good.name, good.box) == ("/data/pictures/a.jpg", (10, 20, 30, 40))
    assert good.aus == {1: 0.25, 43: 0.5}
    assert lost.unusable == "below confidence 0.8"
    assert lost.aus == {}
    assert lost.box is None


def test_libreface_has_presence_for_some_units_and_intensity_for_others(tmp_path):
    header = ["frame_idx", "au_1", "au_14", "au_1_intensity", "au_5_intensity"]
    (row,) = rows_of(tmp_path, header, "3,1,1,2,4.5")
    assert row.frame == 3
    assert row.aus == pytest.approx({1: 0.4, 5: 0.9, 14: 1})


def test_a_table_of_something_else_is_none(tmp_path):
    assert program_table(tmp_path, "clip", ["frame", "gaze_0_x", "AU"], 0.8) is None


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        (["AU03_r"], "1", r"line 1.*AU3 is no number of FACS.*OpenFace 3\.0.*rename them"),
        (["AU01_r"], "5.5", r"line 2, column AU01_r.*intensity 5\.5.*from 0 to 5"),
        (["AU01"], "3", r"column AU01.*from 0 to 1"),
        (["AU01_c"], "2", r"column AU01_c.*from 0 to 1"),
        (["AU01"], "strong", "'strong' where a number"),
        (["AU01", "input"], "1", "line 2.*1 fields, the header has 2"),
    ],
)
def test_what_cannot_be_accepted_is_named(tmp_path, header, row, words):
    with pytest.raises(DataError, match=words):
        rows_of(tmp_path, header, row)


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_program_is_taken_for_another(tmp_path, name):
    columns = {"OpenFace": "AU12_r", "py-feat": "AU12", "LibreFace": "au_12_intensity"}
    (row,) = rows_of(tmp_path, [columns[name]], "1")
    assert row.aus == {12: 1 / PROGRAMS[name].strongest}
