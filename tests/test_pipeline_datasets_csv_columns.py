"""Which column of a csv dataset's table holds what; nothing is dropped in silence."""

import pytest

from errors import DataError, UsageError
from pipeline.datasets.csv_columns import ColumnOptions, column_remarks, find_columns
from pipeline.datasets.csv_table import CSVOptions, read_csv
from pipeline.datasets.reader import LeftOut
from tests.basic7 import BASIC7
from tests.miniatures import put
from validation import checked


def csv(root, text, **options):
    put(root, "labels.csv", text=text)
    return list(read_csv(root, checked(CSVOptions, options).model_dump(exclude_unset=True), BASIC7))


def remarks(header):
    return "\n".join(column_remarks(header, find_columns(header, ColumnOptions(), True)))


def test_columns_with_other_names_are_read_as_told(tmp_path):
    (one,) = csv(
        tmp_path,
        "PTH,Mood,Set,Subject,bb\na.jpg,fear,test,s1,1 2 3 4\n",
        columns={
            **{"file": "pth", "expression": "Mood", "split": "set", "person": "Subject"},
            "box": "bb",
        },
    )
    assert (one.path, one.expression, one.split, one.person) == ("a.jpg", 3, "test", "s1")
    assert one.box == (1, 2, 3, 4)
    assert one.attributes == {}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("file,label,set", "columns: {split: set}"),
        ("file,label,usage", "columns: {split: usage}"),
        ("file,label,subject", "columns: {person: subject}"),
        ("file,label,bbox", "columns: {box: bbox}"),
    ],
)
def test_near_names_are_warned_of(header, field):
    assert field in remarks(header.split(","))


def test_a_near_name_of_what_is_there_is_no_warning():
    assert "may be" not in remarks(["file", "label", "split", "set", "person", "user"])


def test_what_is_kept_as_an_attribute_is_said():
    assert "not otherwise used: age, set" in remarks(["file", "label", "age", "set"])
    assert remarks(["file", "label", "split", "person", "box", "landmarks"]) == ""


@pytest.mark.parametrize("name", ["pth", "image_path", "filename"])
def test_a_needed_column_with_a_near_name_is_named_with_the_remedy(tmp_path, name):
    with pytest.raises(
        DataError, match=rf"line 1.*'{name}' may be the file; if so, .*columns: {{file: {name}}}"
    ):
        csv(tmp_path, f"{name},label\na.jpg,fear\n")


def test_a_column_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no column sett, which option columns names; it has file"):
        csv(tmp_path, "file,label,set\na.jpg,fear,test\n", columns={"split": "sett"})


def test_a_field_that_does_not_exist_is_refused_by_name():
    with pytest.raises(UsageError, match=r"columns\.subset"):
        checked(CSVOptions, {"columns": {"subset": "x"}}, "options")


@pytest.mark.parametrize("word", ["NA", "nan", "None", "", "n/a", "NULL", " "])
def test_words_for_unknown_persons_are_no_person(tmp_path, word):
    (one,) = csv(tmp_path, f"file,label,person\na.jpg,fear,{word}\n")
    assert one.person is None


@pytest.mark.parametrize(
    ("header", "box"),
    [
        ("x,y,w,h", (1, 2, 30, 40)),
        ("x,y,width,height", (1, 2, 30, 40)),
        ("face_x,face_y,face_width,face_height", (1, 2, 30, 40)),
        ("left,top,width,height", (1, 2, 30, 40)),
        ("x0,y0,x1,y1", (1, 2, 29, 38)),
        ("left,top,right,bottom", (1, 2, 29, 38)),
    ],
)
def test_a_box_may_stand_in_four_columns_and_that_is_said(tmp_path, header, box):
    (one,) = csv(tmp_path, f"file,label,{header}\na.jpg,fear,1,2,30,40\n")
    assert one.box == box
    assert f"box from the columns {header.replace(',', ', ')}" in remarks(
        ["file", "label", *header.split(",")]
    )


def test_four_columns_of_any_name_may_be_the_box(tmp_path):
    text = "file,label,a,b,c,d\na.jpg,fear,1,2,3,4\nb.jpg,fear,,,,\n"
    one, other = csv(tmp_path, text, columns={"box": ["a", "b", "c", "d"]})
    assert (one.box, other.box) == ((1, 2, 3, 4), None)


def test_columns_that_aulens_has_itself_are_kept_under_names_of_their_own(tmp_path):
    (one,) = csv(tmp_path, "id,file,path,status,label,dataset_id,\n7,a.jpg,b,new,fear,8,9\n")
    assert one.path == "a.jpg"
    assert one.attributes == {
        **{
            "dataset_dataset_id": "7",
            "dataset_path": "b",
            "dataset_status": "new",
            "dataset_id": "8",
        },
        "column_7": "9",
    }
    assert "status as dataset_status" in remarks(["file", "label", "status"])


def test_several_faces_of_a_picture_are_told_apart_by_their_boxes(tmp_path):
    rows = "a.jpg,fear,1 2 3 4\na.jpg,anger,9 2 3 4\nb.jpg,fear,5 5 5 5\n"
    found = csv(tmp_path, f"file,label,box\n{rows}")
    assert [one.id for one in found] == ["a.jpg#1,2,3,4", "a.jpg#9,2,3,4", "b.jpg"]
    assert [one.path for one in found] == ["a.jpg", "a.jpg", "b.jpg"]


@pytest.mark.parametrize("box", ["", "1 2 3 4"])
def test_a_face_that_stands_there_twice_is_refused(tmp_path, box):
    row = f"a.jpg,fear,{box}\n"
    with pytest.raises(DataError, match=r"line 3.*in line 2 too.*a box of its own"):
        csv(tmp_path, f"file,label,box\n{row}{row}")


def test_null_in_the_label_map_leaves_out_and_contempt_always_is(tmp_path):
    text = "file,label\na.jpg,fear\nb.jpg,bored\nc.jpg,Contempt\nd.jpg,8\n"
    found = csv(tmp_path, text, label_map={"bored": None, 8: "contempt"})
    assert [one.reason for one in found if isinstance(one, LeftOut)] == [
        *("'bored' is null in label_map", "contempt", "contempt"),
    ]
    assert len(found) == 4


def test_litter_in_a_table_is_left_out(tmp_path):
    found = csv(tmp_path, "file,label\n@eaDir/a.jpg,fear\nx/._a.jpg,fear\n.mine/a.jpg,fear\n")
    assert [getattr(one, "reason", None) for one in found] == ["litter @eaDir", "litter ._*", None]


@pytest.mark.parametrize(("sign", "said"), [(";", "';'"), ("\t", "tabs"), ("|", r"'\|'")])
def test_another_delimiter_is_named_and_can_be_set(tmp_path, sign, said):
    text = f"file{sign}label\na.jpg{sign}fear\n"
    with pytest.raises(DataError, match=f"separated by {said}, not by commas.*option delimiter"):
        csv(tmp_path, text)
    assert csv(tmp_path, text, delimiter=sign)[0].path == "a.jpg"


def test_a_number_beside_a_word_asks_which_one_counts(tmp_path):
    with pytest.raises(
        DataError, match=r"label says '3' and column emotion says 'happy'.*emotion}"
    ):
        csv(tmp_path, "file,label,emotion\na.jpg,3,happy\n")


def test_an_absolute_path_below_the_folder_is_taken(tmp_path):
    (one,) = csv(tmp_path, f"file,label\n{tmp_path}/images/a.jpg,fear\n")
    assert one.path == "images/a.jpg"


def test_spaces_around_a_name_make_no_second_person(tmp_path):
    one, other = csv(tmp_path, "file,label,person\na.jpg,fear, ann \nb.jpg,fear,ann\n")
    assert one.person == other.person == "ann"


def test_spaces_around_a_file_count_only_if_it_is_named_so(tmp_path):
    put(tmp_path, "a.jpg", " b.jpg", "b.jpg")
    found = csv(tmp_path, "label,file\nfear, a.jpg\nfear, b.jpg\nfear, gone.jpg\n")
    assert [one.path for one in found] == ["a.jpg", " b.jpg", " gone.jpg"]


@pytest.mark.parametrize("word", ["NA", "nan", "null"])
def test_words_for_nothing_are_no_split_no_box_and_no_landmarks(tmp_path, word):
    (one,) = csv(tmp_path, f"file,label,split,box,landmarks\na.jpg,fear,{word},{word},{word}\n")
    assert (one.split, one.box, one.landmarks) == (None, None, None)


def test_landmarks_of_a_file_are_of_one_face_not_of_all_in_the_picture(tmp_path):
    numbers = ",".join(str(number) for number in range(136))
    put(tmp_path, "points.txt", text=f"a.jpg,{numbers}\nb.jpg,{numbers}\n")
    rows = "a.jpg,fear,1 2 3 4\na.jpg,sad,9 2 3 4\nb.jpg,sad,1 2 3 4\n"
    found = csv(tmp_path, f"file,label,box\n{rows}", landmarks="points.txt")
    assert [one.landmarks is None for one in found] == [True, True, False]
