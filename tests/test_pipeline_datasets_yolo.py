"""Boxes in YOLO's layout."""

import pytest
from PIL import Image

from errors import DataError, NoInputError
from pipeline.datasets.reader import LeftOut
from pipeline.datasets.yolo import read_yolo
from store.records import Sample
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import put, yolo


def test_boxes_become_px_and_several_faces_have_ids_of_their_own(tmp_path):
    found = [one for one in read_yolo(yolo(tmp_path), {}, BASIC7) if isinstance(one, Sample)]
    assert [(one.id, one.box, one.split) for one in found] == [
        ("train/images/a.png", (20, 15, 40, 10), "train"),
        ("train/images/b.png", None, "train"),
        ("valid/images/c.png#0,10,40,20", (0, 10, 40, 20), "val"),
        ("valid/images/c.png#40,10,40,20", (40, 10, 40, 20), "val"),
    ]
    assert [EXPRESSIONS[one.expression] for one in found] == [
        *("Happiness", "Anger", "Anger", "Happiness"),
    ]


def test_contempt_and_pictures_without_a_label_are_left_out(tmp_path):
    left = [one for one in read_yolo(yolo(tmp_path), {}, BASIC7) if isinstance(one, LeftOut)]
    assert left == [
        LeftOut("test/images/d.png", "contempt", "test"),
        LeftOut("test/images/e.png", "no label", "test"),
    ]


def test_the_other_order_of_folders_and_names_by_number_are_read(tmp_path):
    put(tmp_path, "data.yaml", text="names: {0: sad}\n")
    put(tmp_path, "labels/train/a.txt", text="0 0.5 0.5 0.5 0.5\n")
    put(tmp_path, "images/train/a.jpg")
    (one,) = read_yolo(tmp_path, {}, BASIC7)
    assert (one.path, EXPRESSIONS[one.expression]) == ("images/train/a.jpg", "Sadness")
    assert one.box is None  # nobody can say how large an empty file is


def test_a_box_is_of_the_upright_picture(tmp_path):
    yolo(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (80, 40)).save(tmp_path / "train/images/a.png", exif=exif)
    first = next(read_yolo(tmp_path, {}, BASIC7))
    assert first.box == (10, 30, 20, 20)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("7 0.5 0.5 1 1", "needs a class of data.yaml"),
        ("x 0.5 0.5 1 1", "whole number"),
        ("0 0.5 0.5 1", "box needs 4"),
        ("0", "needs a class of data.yaml and a box"),
    ],
)
def test_a_line_that_cannot_be_accepted_is_named(tmp_path, line, message):
    put(yolo(tmp_path), "train/labels/a.txt", text=line)
    with pytest.raises(DataError, match=f"line 1.*{message}"):
        list(read_yolo(tmp_path, {}, BASIC7))


@pytest.mark.parametrize("text", ["", "nc: 3", "names: {a: b}", "[", "- 1"])
def test_a_list_of_names_that_is_none_is_refused(tmp_path, text):
    put(yolo(tmp_path), "data.yaml", text=text)
    with pytest.raises(DataError, match="needs a list `names`"):
        list(read_yolo(tmp_path, {}, BASIC7))


def test_labels_that_are_not_there_are_named(tmp_path):
    put(tmp_path, "data.yaml", text="names: [sad]")
    put(tmp_path, "train/images/a.jpg")
    with pytest.raises(NoInputError, match="train/labels: is not there"):
        list(read_yolo(tmp_path, {}, BASIC7))
