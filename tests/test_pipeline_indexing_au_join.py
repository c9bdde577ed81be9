"""Tables of action units, joined to pictures by name, frame and face."""

import pytest
from pydantic import ValidationError

from errors import DataError, ProjectError
from pipeline.datasets.reader import ReaderOptions
from pipeline.indexing.au_join import join_units
from store.records import Sample


def joined(folder, header, rows, samples, name="aus.csv"):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([header, *rows]) + "\n")
    return join_units(samples, folder, ReaderOptions(aus=name))


def pictures(*paths, **more):
    return [Sample(path, path, 1, **more) for path in paths]


def strengths(found):
    return [None if one.aus is None else one.aus[12] for one in found.samples]


def test_without_a_table_nothing_changes(tmp_path):
    samples = pictures("a.jpg")
    found = join_units(samples, tmp_path, ReaderOptions())
    assert (found.samples, found.missing, found.unused_rows) == (samples, {}, 0)


def test_pictures_are_joined_by_name_and_what_is_not_is_counted(tmp_path):
    rows = ["/home/x/set/train/a.jpg,0.1", "c.png,0.3", "elsewhere.jpg,0.9", "a.jpg,0.4"]
    samples = pictures("train/a.jpg", "b.jpg", "deep/er/c.jpg")
    found = joined(tmp_path, "input,AU12", rows[:3], samples)
    assert strengths(found) == [0.1, None, 0.3]
    assert found.missing == {"without a row in the table": 1}
    assert found.unused_rows == 1


def test_a_name_in_another_folder_is_not_the_same_picture(tmp_path):
    found = joined(
        tmp_path, "input,AU12", ["test/a.jpg,0.1", "b.jpg,0.2"], pictures("train/a.jpg", "b.jpg")
    )
    assert strengths(found) == [None, 0.2]


def test_a_row_that_fits_two_pictures_is_given_to_neither(tmp_path):
    samples = pictures("train/a.jpg", "test/a.jpg", "b.jpg")
    found = joined(tmp_path, "input,AU12", ["a.jpg,0.1", "b.jpg,0.2"], samples)
    assert strengths(found) == [None, None, 0.2]
    assert found.missing == {"whose name fits a row that fits other pictures, too": 2}


@pytest.mark.parametrize(
    "path",
    ["SN001/0002.jpg", "frames/SN001/frame_2.png", "SN001_0002.jpg", "SN001/a2.jpg"],
)
def test_frames_are_joined_by_the_name_of_the_video_and_the_number(tmp_path, path):
    rows = ["1,0.5", "2,1.5"]
    found = joined(tmp_path, "frame,AU12_r", rows, pictures(path), "SN001.csv")
    assert strengths(found) == [pytest.approx(0.3)]
    assert found.unused_rows == 1


def test_bp4d_keeps_the_frames_of_a_task_in_a_folder_of_the_person(tmp_path):
    found = joined(
        tmp_path, "0,6,12", ["2440,0,1"], pictures("F001/T1/2440.jpg"), "AU_OCC/F001_T1.csv"
    )
    assert strengths(found) == [1]


def test_a_column_may_say_the_frame(tmp_path):
    samples = [Sample("SN001/x.jpg", "SN001/x.jpg", 1, attributes={"frame": "2"})]
    found = joined(tmp_path, "frame,AU12_r", ["1,0", "2,5"], samples, "SN001.csv")
    assert strengths(found) == [1]


BOXED = "FaceRectX,FaceRectY,FaceRectWidth,FaceRectHeight,AU12,input"


def test_of_several_faces_the_one_in_the_box_is_taken(tmp_path):
    rows = ["0,0,50,50,0.1,a.jpg", "100,0,50,50,0.2,a.jpg"]
    samples = [
        Sample("a.jpg#1", "a.jpg", 1, box=(102, 2, 48, 48)),
        Sample("a.jpg#2", "a.jpg", 1, box=(0, 0, 60, 50)),
        Sample("a.jpg#3", "a.jpg", 1, box=(300, 0, 50, 50)),
        Sample("a.jpg#4", "a.jpg", 1),
        Sample("a.jpg#5", "a.jpg", 1, attributes={"face": "1"}),
    ]
    found = joined(tmp_path, BOXED, rows, samples)
    assert strengths(found) == [0.2, 0.1, None, None, None]
    assert found.missing == {
        "whose row is of another face": 1,
        "with several faces in the table, and no box to tell": 2,
    }


def test_a_number_may_tell_the_faces(tmp_path):
    samples = [Sample("a.jpg", "a.jpg", 1, attributes={"face": "1"})]
    found = joined(tmp_path, "face,AU12_r", ["0,5", "1,1"], samples, "a.csv")
    assert strengths(found) == [0.2]


def test_rows_that_the_program_does_not_trust_give_nothing(tmp_path):
    rows = ["0.5,1,1,a.jpg", "0.9,0,1,b.jpg", "0.9,1,1,c.jpg"]
    samples = pictures("a.jpg", "b.jpg", "c.jpg")
    found = joined(tmp_path, "confidence,success,AU12_r,input", rows, samples)
    assert strengths(found) == [None, None, 0.2]
    assert found.missing == {
        "whose row is below confidence 0.8": 1,
        "whose row is not tracked (success 0)": 1,
    }


def test_a_table_that_joins_nothing_is_refused_with_names_of_both(tmp_path):
    with pytest.raises(DataError, match=r"joins nothing to 1 pictures.*'x\.jpg'.*'a\.jpg'"):
        joined(tmp_path, "input,AU12", ["x.jpg,1"], pictures("a.jpg"))


def test_units_from_two_places_are_refused(tmp_path):
    samples = [Sample("a.jpg", "a.jpg", 1, aus={12: 1.0})]
    with pytest.raises(DataError, match="has a column of action units, too"):
        joined(tmp_path, "input,AU12", ["a.jpg,1"], samples)


def test_a_table_outside_the_dataset_is_refused(tmp_path):
    with pytest.raises(ProjectError):
        join_units(pictures("a.jpg"), tmp_path, ReaderOptions(aus="../aus.csv"))


def test_a_confidence_is_a_probability():
    with pytest.raises(ValidationError):
        ReaderOptions(aus="a.csv", aus_confidence=80)
