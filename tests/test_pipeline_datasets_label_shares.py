"""Several people's labels of one face, as columns or as rows of a table."""

import pytest

from errors import DataError
from pipeline.datasets.csv_table import CSVOptions, read_csv
from pipeline.datasets.label_shares import NO_CLASS, share_remarks, shares_of_votes
from pipeline.datasets.reader import LeftOut
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import put
from validation import checked

HAPPY, SURPRISE, FEAR, SAD = map(EXPRESSIONS.index, ("Happiness", "Surprise", "Fear", "Sadness"))


def csv(root, text, **options):
    put(root, "labels.csv", text=text)
    return list(read_csv(root, checked(CSVOptions, options).model_dump(exclude_unset=True), BASIC7))


def columns(root, text, **options):
    return csv(root, text, shares="columns", **options)


def rows(root, text, **options):
    return csv(root, text, shares="rows", **options)


def test_votes_are_divided_by_their_sum_and_those_for_no_class_stand_aside():
    found = shares_of_votes([(HAPPY, 3), (FEAR, 1), (None, 4)], 7)
    assert (found.of_K[HAPPY], found.of_K[FEAR], sum(found.of_K)) == (0.75, 0.25, 1)
    assert (found.votes, found.outside, found.agreement, found.most) == (4, 4, 0.75, (HAPPY,))
    assert shares_of_votes([(None, 4)], 7) is None


def test_columns_are_known_by_names_and_synonyms_and_the_largest_share_is_the_label(tmp_path):
    (one,) = columns(tmp_path, "file,happy,Sadness,age\na.jpg,1,3,40\n")
    assert (one.expression, one.shares.of_K[HAPPY], one.shares.of_K[SAD]) == (SAD, 0.25, 0.75)
    assert one.attributes == {"age": "40"}


def test_counts_and_shares_say_the_same(tmp_path):
    counts, shares = columns(tmp_path, "file,happy,sad\na.jpg,2,8\nb.jpg,.2,.8\n")
    assert counts.shares.of_K == pytest.approx(shares.shares.of_K)


def test_the_first_class_of_the_label_set_wins_a_tie(tmp_path):
    (one,) = columns(tmp_path, "file,sad,happy\na.jpg,2,2\n")
    assert (one.expression, one.shares.most) == (HAPPY, (HAPPY, SAD))


def test_a_label_column_counts_more_than_the_majority_and_shares_fill_its_gaps(tmp_path):
    first, second = columns(tmp_path, "file,label,happy,sad\na.jpg,fear,2,1\nb.jpg,,2,1\n")
    assert (first.expression, second.expression) == (FEAR, HAPPY)
    assert first.shares == second.shares


def test_without_votes_a_face_has_a_label_alone(tmp_path):
    (one,) = columns(tmp_path, "file,label,happy,sad\na.jpg,fear,,NA\n")
    assert (one.expression, one.shares) == (FEAR, None)


def test_votes_for_what_the_label_set_leaves_out_are_no_shares(tmp_path):
    text = "file,happy,sad,contempt,unsure\na.jpg,2,1,1,6\nb.jpg,0,0,5,5\n"
    first, second = columns(tmp_path, text, label_map={"Unsure": None})
    assert (first.shares.of_K[HAPPY], first.shares.outside) == (pytest.approx(2 / 3), 7)
    assert second == LeftOut("b.jpg", NO_CLASS)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("b.jpg,-1,2", "column happy has '-1'"),
        ("b.jpg,1,nan", "column sad has 'nan'"),
        ("b.jpg,1e999,2", "column happy has '1e999'"),
        ("b.jpg,many,2", "column happy has 'many'"),
        ("b.jpg,0,0", "gives no class a share"),
        ("b.jpg,,", "has no label: columns happy, sad are empty"),
    ],
)
def test_a_bad_share_is_refused_with_its_line(tmp_path, row, fault):
    with pytest.raises(DataError, match=rf"labels\.csv, line 3.*{fault}"):
        columns(tmp_path, f"file,happy,sad\na.jpg,1,1\n{row}\n")


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ("file,happy,happiness,sad", "several columns for one class: happy, happiness"),
        ("file,happy,joyful_smile", "its columns .*joyful_smile.* name 1 of the classes"),
    ],
)
def test_columns_that_cannot_be_shares_are_refused(tmp_path, header, fault):
    with pytest.raises(DataError, match=rf"labels\.csv, line 1.*{fault}"):
        columns(tmp_path, f"{header}\n" + "a.jpg" + ",1" * header.count(",") + "\n")


RATED = "file,label,rater,age\na.jpg,happy,x,40\nb.jpg,fear,x,50\na.jpg,sad,y,40\na.jpg,sad,z,40\n"


def test_rows_of_a_picture_become_one_face_with_the_most_frequent_label(tmp_path):
    first, second = rows(tmp_path, RATED)
    assert (first.id, first.expression, second.id, second.expression) == (
        *("a.jpg", SAD),
        *("b.jpg", FEAR),
    )
    assert first.shares.of_K[HAPPY] == pytest.approx(1 / 3)
    assert (first.shares.votes, second.shares.votes) == (3, 1)


def test_columns_that_differ_among_the_rows_of_any_face_are_dropped_from_all(tmp_path):
    first, second = rows(tmp_path, RATED)
    assert (first.attributes, second.attributes) == ({"age": "40"}, {"age": "50"})


def test_boxes_tell_the_faces_of_a_picture_apart(tmp_path):
    text = "file,label,box\na.jpg,happy,0 0 9 9\na.jpg,sad,50 0 9 9\na.jpg,happy,50 0 9 9\n"
    left, right = rows(tmp_path, text)
    assert (left.shares.votes, right.shares.votes, right.expression) == (1, 2, HAPPY)
    assert left.id != right.id


def test_rows_for_no_class_are_votes_outside_and_leave_a_face_out_only_together(tmp_path):
    text = "file,label\na.jpg,contempt\na.jpg,fear\nb.jpg,contempt\nb.jpg,contempt\n"
    first, second = rows(tmp_path, text)
    assert (first.expression, first.shares.outside) == (FEAR, 1)
    assert second == LeftOut("b.jpg", "contempt")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "file,label,rater\na.jpg,happy,x\na.jpg,sad,x\n",
            "line 3.*'x' labelled 'a.jpg' in line 2",
        ),
        (
            "file,label,rater,split\na.jpg,sad,x,train\na.jpg,sad,y,test\n",
            "line 3.*another split of 'a.jpg' than line 2",
        ),
    ],
)
def test_rows_that_cannot_be_of_one_face_are_refused_with_both_lines(tmp_path, text, fault):
    with pytest.raises(DataError, match=fault):
        rows(tmp_path, text, columns={"annotator": "rater"})


def test_repeated_rows_are_refused_by_default_and_the_option_is_named(tmp_path):
    with pytest.raises(DataError, match=r"stands in line 2 too.*options: \{shares: rows\}"):
        csv(tmp_path, RATED)


def test_the_user_is_told_where_shares_and_labels_came_from():
    columns = {"happy": HAPPY, "sad": SAD, "contempt": None}
    said = share_remarks(columns, BASIC7, "columns", "label")
    assert "from the columns happy, sad; the label is column label's and, where that is" in said[0]
    assert said[1].startswith("no column for Neutral, Surprise, Fear, Anger, Disgust:")
    assert said[2].startswith("columns contempt stand for no class here")
    assert "the label is that with the largest" in share_remarks(columns, BASIC7, "columns", "")[0]
    assert "one person's label" in share_remarks({}, BASIC7, "rows", "label")[0]
    assert share_remarks({}, BASIC7, "none", "label") == []
