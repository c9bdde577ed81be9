"""What readers share: clues to a layout, words for expressions, pictures listed several times."""

import pytest

from errors import DataError
from pipeline.datasets import DATASETS
from pipeline.datasets.reader import (
    LeftOut,
    best_layout,
    class_or_reason,
    each_once,
    entries,
    first_there,
    named_by_box,
    needs_named,
    needs_paths,
)
from store.records import Sample
from tests.basic7 import BASIC7
from tests.miniatures import put
from validation import checked


def test_a_path_is_there_under_any_of_its_names(tmp_path):
    put(tmp_path, "labels.txt")
    check = needs_paths("list.txt|labels.txt", "images")
    assert check(tmp_path) == [(("list.txt", "labels.txt"), True), (("images",), False)]


def test_of_two_layouts_the_one_that_is_more_complete_is_reported(tmp_path):
    put(tmp_path, "b")
    check = best_layout(needs_paths("a", "b"), needs_paths("b"))
    assert check(tmp_path) == [(("b",), True)]


@pytest.mark.parametrize(
    ("name", "found"), [("deep/er/KA.AN1.TIFF", True), ("a/b/c/KA.AN1.tiff", False)]
)
def test_a_name_is_looked_for_in_three_levels_and_in_any_case(tmp_path, name, found):
    put(tmp_path, name)
    check = needs_named("KA.AN1.39.tiff", r"[a-z]{2}\.an\d\.tiff")
    assert check(tmp_path) == [(("KA.AN1.39.tiff",), found)]


def test_a_folder_that_cannot_be_listed_has_no_entries(tmp_path):
    assert entries(tmp_path / "gone") == []


def test_the_first_path_that_exists_is_taken(tmp_path):
    put(tmp_path, "b", "c")
    assert first_there(tmp_path, "a", "b", "c") == tmp_path / "b"
    assert first_there(tmp_path, "a") is None


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        ("happy", 1),
        (" Happy ", 1),
        ("4", 0),
        ("5", "'5' is null in label_map"),
        ("Contempt", "contempt"),
    ],
)
def test_a_label_means_an_expression_or_the_reason_to_leave_it_out(label, meaning):
    assert class_or_reason(label, {"4": "neutral", "5": None}, BASIC7, "row 1") == meaning


def test_a_label_that_means_neither_names_its_row():
    with pytest.raises(DataError, match="row 1"):
        class_or_reason("sleepy", {}, BASIC7, "row 1")


def test_a_picture_is_taken_once_and_not_at_all_where_its_labels_differ():
    once, twice, both = Sample("a", "a", 1), Sample("b", "b", 2), Sample("c", "c", 3)
    other = Sample("c", "c", 4, "val")
    assert list(each_once([once, twice, twice, both, other])) == [
        once,
        twice,
        LeftOut("b", "listed before"),
        LeftOut("c", "labels that differ"),
        LeftOut("c", "labels that differ", "val"),
    ]


def test_faces_of_one_picture_are_named_by_their_boxes():
    one = Sample("a", "a", 1, box=(0.0, 1.5, 20.0, 20.0))
    two = Sample("a", "a", 2, box=(30.0, 0.0, 20.0, 20.0))
    alone = Sample("b", "b", 3, box=(0.0, 0.0, 9.0, 9.0))
    ids = [sample.id for sample in named_by_box([one, two, alone])]
    assert ids == ["a#0,1.5,20,20", "a#30,0,20,20", "b"]


@pytest.mark.parametrize("name", DATASETS)
def test_every_reader_takes_a_table_of_action_units(name):
    given = checked(DATASETS[name].options, {"aus": "openface"}, "index.mine.options")
    assert (given.aus, given.aus_confidence) == ("openface", 0.8)
